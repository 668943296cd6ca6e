"""The example of docs/api.md, as a user would run it."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import write_space, write_tiny
from documents import ROOT, blocks

from studies import show

SMALL = (
    "trials=3, space='tiny_space.yaml', workers=1, devices=('cpu',), baseline_epochs=1, confirm=1"
)


@pytest.mark.slow
def test_the_example_runs_and_prints_what_the_study_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a script of its own, since its workers import it; with fewer trials on a tiny file."""
    (example,) = blocks(ROOT / "docs" / "api.md", "python")
    assert "trials=200" in example
    script = tmp_path / "example.py"
    script.write_text(example.replace("trials=200", SMALL), encoding="utf-8")
    (tmp_path / "datasets").mkdir()
    write_tiny(tmp_path).rename(tmp_path / "datasets" / "ac.pkl")
    write_space(tmp_path)
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,  # of a busy machine
        check=False,
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    assert show.main(["from-python", "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    (chosen,) = re.findall(r"trial (\d+) is chosen", done.stdout)
    (row,) = [row for row in rows if row["number"] == chosen]
    assert f"the search scored it {float(row['score']):.3f} on val" in done.stdout
    assert "from-python: 3 trials" in done.stdout
    assert done.stdout.count("  overall: R² ") == 1
    assert (tmp_path / "runs" / "from-python" / "best.yaml").is_file()
