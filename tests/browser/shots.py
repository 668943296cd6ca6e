"""`PYTHONPATH=tests python -m browser.shots OUT [STUDY --runs RUNS]`: pictures of the dashboard's pages.

Without a study it makes one of 200 trials that nobody trained.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from browser.chromium import find_programs, running_browser, text_of, wait_until
from browser.make_believe import make_study
from browser.pages import drawn_plots, loaded_pictures
from dashboard_server import serving

_TALL = 4200


def main() -> int:
    """Serves, looks, and ends the server."""
    parser = argparse.ArgumentParser(description="Pictures of the dashboard's pages.")
    parser.add_argument("out", type=Path, help="folder of the pictures")
    parser.add_argument("study", nargs="?", default="make-believe")
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--trial", type=int, default=11)
    options = parser.parse_args()
    programs = find_programs()
    if programs is None:
        print("error: Chromium is not installed; apt-get install chromium chromium-driver")
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        runs = options.runs or Path(scratch)
        if options.runs is None:
            make_study(runs, options.study, trials=200)
            make_study(runs, "another", trials=20)
        with serving(options.study, "--runs", runs) as served:
            _shoot(served.url, programs, options.out, options.study, options.trial)
    return 0


def _shoot(url: str, programs: tuple[str, str], out: Path, study: str, trial: int) -> None:
    base = f"{url}/dashboard"
    with running_browser(programs) as driver:
        driver.get(base)
        wait_until(driver, lambda d: study in text_of(d), "list")
        driver.save_screenshot(out / "list.png")
        driver.get(f"{base}/studies/1/note")
        wait_until(driver, lambda d: "What to do next" in text_of(d), "note")
        driver.save_screenshot(out / "note.png")
        driver.get(f"{base}/studies/1/trials?numbers={trial}")
        wait_until(driver, lambda d: len(loaded_pictures(d)) >= 2, "picture")
        driver.save_screenshot(out / "trial.png")
    with running_browser(programs, height=_TALL) as driver:
        driver.get(f"{base}/studies/1")
        wait_until(driver, lambda d: len(drawn_plots(d)) >= 3, "plots")
        driver.save_screenshot(out / "study.png")
        driver.get(f"{base}/studies/1/trials?numbers={trial}")
        wait_until(driver, lambda d: len(loaded_pictures(d)) >= 2, "picture")
        driver.save_screenshot(out / "trial-whole.png")


if __name__ == "__main__":
    sys.exit(main())
