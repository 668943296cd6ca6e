"""A study that version 0.1.0 made, as it lies in `tests/fixtures`, serves the commands of today."""

import csv
import io
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import run

from studies.export.configuration import to_yaml
from studies.export.selection import pick
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.report.build import markdown, page
from studies.storage.open import open_study
from studies.summary.closing_text import render
from studies.summary.trial_rows import as_csv
from studies.summary.values import summary

OLD = Path(__file__).parents[1] / "fixtures" / "study_of_0_1"
NAME = "before"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A runs folder with a copy of the study."""
    folder = tmp_path / "runs" / NAME
    folder.mkdir(parents=True)
    shutil.copy(OLD / "study.db", folder)
    return folder.parent


@pytest.fixture
def record(runs: Path) -> StudyRecord:
    """The study as it is read today."""
    return read_study(open_study(runs, NAME, None))


def same(new: Any, old: Any, path: str = "") -> None:
    """Asserts that two JSON values are equal, numbers but for rounding."""
    if isinstance(old, dict):
        assert list(new) == list(old), path
        for key, value in old.items():
            same(new[key], value, f"{path}/{key}")
    elif isinstance(old, list):
        assert len(new) == len(old), path
        for place, (one, other) in enumerate(zip(new, old, strict=True)):
            same(one, other, f"{path}/{place}")
    elif isinstance(old, float):
        assert math.isclose(new, old, rel_tol=1e-9, abs_tol=1e-12), path
    else:
        assert new == old, path


def test_show_gives_the_same_values(record: StudyRecord) -> None:
    """Every key and every number of `--json`."""
    old = json.loads((OLD / "show.json").read_text(encoding="utf-8"))
    same(json.loads(json.dumps(summary(record), allow_nan=False)), old)


def test_the_table_of_trials_is_the_same(record: StudyRecord) -> None:
    """Every cell of `--csv`."""
    old = list(csv.reader(io.StringIO((OLD / "trials.csv").read_text(encoding="utf-8"))))
    assert list(csv.reader(io.StringIO(as_csv(record)))) == old


def test_the_exported_file_trains_the_same(record: StudyRecord) -> None:
    """Its configuration, and all that stands beside it for programs."""
    old = yaml.safe_load((OLD / "best.yaml").read_text(encoding="utf-8"))
    new = yaml.safe_load(to_yaml(record, pick(record, None)))
    assert new["config"] == old["config"]
    assert new == old


def test_every_number_of_the_closing_text_is_the_same(record: StudyRecord) -> None:
    """The words around them may be other ones."""

    def numbers(text: str) -> list[str]:
        words = (word.strip("[]()#,;:.%s") for word in text.split())
        return [word for word in words if word.removeprefix("-").replace(".", "").isdigit()]

    old = (OLD / "show.txt").read_text(encoding="utf-8")
    assert sorted(numbers(render(record))) == sorted(numbers(old))


def test_the_report_is_made(record: StudyRecord) -> None:
    """As a page with plots, and as Markdown with the metrics that it had."""
    assert "<h1" in page(record)
    text = markdown(record)
    for cell in ("0.202 [-0.489, 0.573]", "0.580 [0.300, 0.749]", "115,411", "0.326"):
        assert cell in text


@pytest.mark.slow
def test_the_search_goes_on_with_it(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command with two more trials adds these and keeps the others."""
    for name in ("clips.npz", "space.yaml"):
        shutil.copy(OLD / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    before = read_study(open_study(runs, NAME, None))
    done = run(
        "search.run", "--data", "clips.npz", "--space", "space.yaml", "--study", NAME,
        "--runs", runs, "--trials", 14, "--baseline-epochs", 1, "--workers", 1, "--confirm", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    after = read_study(open_study(runs, NAME, None))
    assert after.counts.finished == 14
    assert [trial.score for trial in after.trials[:12]] == [t.score for t in before.trials]
    assert after.confirmation == before.confirmation
