"""The dashboard in a browser: what a user sees of a study of 200 trials, and nothing breaks."""

from collections.abc import Iterator

import pytest
from browser.chromium import find_programs, running_browser, severe, text_of, wait_until
from browser.make_believe import make_study
from browser.pages import drawn_plots, has_history, loaded_pictures
from dashboard_server import serving
from selenium.webdriver import Chrome

PRUNED = 5
"""Number of a trial that the make-believe pruner stopped."""
PLOTS = {
    "avq-history",
    "avq-front",
    "avq-importance",
    "avq-pruning",
    "avq-weights",
    "avq-curves-cross-modal",
    "avq-curves-overall",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the dashboard of two studies."""
    runs = tmp_path_factory.mktemp("browser") / "runs"
    make_study(runs, "searched", trials=200)
    make_study(runs, "both", trials=20, pareto=True)
    with serving("searched", "--runs", runs) as served:
        yield f"{served.url}/dashboard"
    assert "Traceback" not in served.errors, served.errors


@pytest.fixture
def driver() -> Iterator[Chrome]:
    """A browser; the test fails where the console has a severe message at its end."""
    programs = find_programs()
    if programs is None:
        pytest.skip("Chromium and its driver are not installed here")
    with running_browser(programs) as driver:
        yield driver
        assert severe(driver) == []


def test_all_studies_of_the_runs_folder_are_listed(page: str, driver: Chrome) -> None:
    """One that was not named too, though it lies in a database of its own."""
    driver.get(page)
    wait_until(driver, lambda d: "searched" in text_of(d), "list")
    assert "both" in text_of(driver)


def test_a_study_shows_its_history_and_our_plots(page: str, driver: Chrome) -> None:
    """optuna-dashboard's history has points, and each plot of ours is drawn."""
    driver.get(f"{page}/studies/1")
    wait_until(driver, has_history, "history")
    wait_until(driver, lambda d: drawn_plots(d) == PLOTS, "plots of ours")


def test_a_study_shows_its_verdict(page: str, driver: Chrome) -> None:
    """The note says what was reached on test and how to go on."""
    driver.get(f"{page}/studies/1/note")
    wait_until(driver, lambda d: "What to do next" in text_of(d), "note")
    text = text_of(driver)
    assert "beats the manual's" in text
    assert "python -m search.run --data demo --study searched" in text
    assert "avq-search" not in text, "the note's mark is not to be seen"


@pytest.mark.parametrize("study", [1, 1001])
def test_a_trial_shows_why_it_ended_and_its_curves(page: str, driver: Chrome, study: int) -> None:
    """In the note and among the artifacts; of the study in the other database as well."""
    driver.get(f"{page}/studies/{study}/trials?numbers={PRUNED}")
    wait_until(driver, lambda d: len(loaded_pictures(d)) >= 2, "pictures")
    text = text_of(driver)
    assert f"Trial {PRUNED}: pruned" in text
    assert "place 7 of 9, the best 4 go on" in text
    assert "Effective configuration" in text


def test_what_breaks_is_seen(page: str, driver: Chrome) -> None:
    """An error on the console is found: otherwise the other tests could not fail by one."""
    driver.get(page)
    driver.execute_script("console.error('broken')")
    assert any("broken" in message for message in severe(driver))
