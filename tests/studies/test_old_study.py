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

from space.space import load_space
from studies.dashboard.board import Board
from studies.dashboard.databases import Database
from studies.export.configuration import to_yaml
from studies.export.selection import pick
from studies.migrate.copying import copy_trials, sort_out
from studies.records import attributes
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.report.build import markdown, page
from studies.storage.open import open_study, storage_url
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
    new = json.loads(json.dumps(summary(record), allow_nan=False))
    assert new.pop("foreign") is False
    same(new, old)


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


def test_its_trials_are_copied_under_todays_names(runs: Path, record: StudyRecord) -> None:
    """Into a study of another space; the old one does not change."""
    space = load_space(OLD / "space.yaml").model_copy(update={"name": "again"})
    source = open_study(runs, NAME, None)
    url = storage_url(runs, "new", None)
    copy_trials(source, sort_out(source, space), space=space, url=url, new="new")
    new = open_study(runs, "new", None)
    names = [name for holder in (new, *new.trials) for name in holder.user_attrs]
    assert all(name.startswith(attributes.PREFIX) for name in names)
    copied = read_study(new)
    assert [trial.best for trial in copied.trials] == [trial.best for trial in record.trials]
    assert (copied.tasks, copied.simple) == (record.tasks, record.simple)
    assert read_study(open_study(runs, NAME, None)) == record


def test_the_dashboard_knows_it_for_the_searchs(runs: Path) -> None:
    """So it has its notes there."""
    database = Database(storage_url(runs, NAME, None), folder=runs / NAME, place=0)
    assert Board(database, 1, runs=runs, notify=lambda _: None).is_ours
    database.close()


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
    study = open_study(runs, NAME, None)
    names = [name for holder in (study, *study.trials) for name in holder.user_attrs]
    assert all(name.startswith(attributes.PREFIX) for name in names)
    assert [trial.score for trial in after.trials[:12]] == [t.score for t in before.trials]
    assert after.confirmation == before.confirmation
