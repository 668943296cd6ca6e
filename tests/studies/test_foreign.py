"""Studies that another program made: shown as Optuna holds them, never taken for the search's own."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from commands import assert_one_line, run
from storages import new_storage

from studies import show
from studies.dashboard.study_note import study_note
from studies.dashboard.trial_note import trial_note
from studies.errors import StudyError
from studies.export.configuration import to_yaml
from studies.records import attributes
from studies.records.read import read_study
from studies.report.build import document
from studies.storage.open import open_storage

OTHERS_VALUES: dict[str, Any] = {
    "space": "wide v2",
    "tasks": "mos",
    "audit": "by hand",
    "confirmation": True,
    "identity": "cmu-mosi",
    "total": "200",
    "stopped": 3,
    "watch": ["one"],
    "simple_baselines": [1],
    "attainable_r2": {"val": 1},
    "made_with": ["love"],
    "test_predictions": "all",
    "data_source": {"a": 1},
    "figures": ["curve.png"],
    "planned_epochs": "30 max",
    "reason": {"code": 3},
    "config": "lr=1",
    "history": "long",
    "audited": 5,
    "ran_on": "gpu",
    "baseline": "yes",
    "retries": "two",
}
"""Attributes of names that version 0.1 used without a prefix, as others fill them."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty storage."""
    return new_storage(tmp_path, "theirs")


def minimised(trial: optuna.Trial) -> float:
    """A loss whose best trial is number 2."""
    lr = trial.suggest_float("lr", 0.0, 1.0)
    trial.suggest_categorical("kind", ["a", "b", None])
    return abs(trial.number - 2) + lr / 100


@pytest.fixture
def theirs(url: str) -> optuna.Study:
    """Six trials of a loss, minimised."""
    study = optuna.create_study(study_name="theirs", storage=open_storage(url))
    study.optimize(minimised, n_trials=6)
    return study


def test_show_says_whose_it_is_and_what_optuna_holds(
    theirs: optuna.Study, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts, direction, best value and parameters; and what else shows it."""
    assert show.main(["theirs", "--storage", url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "theirs was not made by this program" in lines[0]
    assert "python -m studies.dashboard theirs" in lines[0]
    assert lines[1] == "trials: 6 complete, 0 pruned, 0 failed, 0 running, 0 waiting"
    assert lines[2] == "direction: minimize"
    table = dict(line.split(maxsplit=1) for line in lines[4:])
    assert table["best"] == "#2"
    assert float(table["value"]) == pytest.approx(theirs.best_value, rel=1e-4)
    assert set(theirs.best_params) <= set(table)


def test_json_has_the_best_of_optuna(
    theirs: optuna.Study, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the keys of any study, and one that says whose it is."""
    show.main(["theirs", "--storage", url, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["foreign"] is True
    assert told["counts"]["complete"] == 6
    best = told["best"]
    assert (best["trial"], best["score"], best["params"]) == (
        2, theirs.best_value, theirs.best_params,
    )  # fmt: skip
    assert (best["cross_modal"], told["baseline"]) == (None, None)


def test_csv_has_every_trial(
    theirs: optuna.Study, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """State, value and parameters of each."""
    show.main(["theirs", "--storage", url, "--csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["number", "state", "value", "seconds", "lr", "kind"]
    assert float(rows[3]["value"]) == theirs.trials[3].value
    assert rows[3]["state"] == "complete"


def test_several_objectives_and_infinite_values_are_shown(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Pareto front; JSON has no infinity."""
    both = optuna.create_study(
        study_name="both", storage=open_storage(url), directions=["minimize", "maximize"]
    )
    both.optimize(lambda t: (t.suggest_float("x", 0, 1), float(t.number)), n_trials=3)
    show.main(["both", "--storage", url])
    told = capsys.readouterr().out
    assert "directions: minimize, maximize" in told
    assert "Pareto front: " in told
    show.main(["both", "--storage", url, "--json"])
    assert 2 in json.loads(capsys.readouterr().out)["front"]
    infinite = optuna.create_study(study_name="infinite", storage=open_storage(url))
    infinite.add_trial(optuna.create_trial(value=-math.inf))
    show.main(["infinite", "--storage", url, "--json"])
    assert json.loads(capsys.readouterr().out)["best"]["score"] is None
    optuna.create_study(study_name="empty", storage=open_storage(url))
    show.main(["empty", "--storage", url])
    assert "best: none, since no trial is complete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("studies.export", ["theirs", "--out", "-"]),
        ("studies.export", ["theirs", "--trial", "3", "--out", "-"]),
        ("studies.export", ["theirs", "--pareto", "--out", "front"]),
        ("studies.report", ["theirs"]),
        ("studies.migrate", ["theirs", "--space", "small"]),
        ("studies.show", ["theirs", "theirs"]),
    ],
)
def test_what_needs_the_searchs_records_says_what_works(
    theirs: optuna.Study, url: str, command: str, options: list[str], tmp_path: Path
) -> None:
    """In one line; nothing is written."""
    before = sorted(tmp_path.rglob("*"))
    done = run(command, *options, "--storage", url, "--runs", tmp_path / "runs")
    assert_one_line(
        done, "'theirs' was not made by this program", "studies.show theirs", "studies.dashboard"
    )
    assert [p for p in sorted(tmp_path.rglob("*")) if "-shm" not in p.name] == [
        p for p in before if "-shm" not in p.name
    ]


def test_attributes_of_other_programs_are_never_read(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever they are called and hold."""
    study = optuna.create_study(study_name="noted", storage=open_storage(url))
    for name, value in OTHERS_VALUES.items():
        study.set_user_attr(name, value)
    study.add_trial(optuna.create_trial(value=1.0, user_attrs=OTHERS_VALUES))
    assert read_study(study).left_out == ()
    for options in ([], ["--csv"], ["--json"]):
        assert show.main(["noted", "--storage", url, *options]) == 0
        assert capsys.readouterr().out


def test_they_are_not_read_in_a_study_of_the_search_either(study: optuna.Study) -> None:
    """A callback or a colleague may note what they like on its trials."""
    before = read_study(study)
    for name, value in OTHERS_VALUES.items():
        study.set_user_attr(name, value)
        study.add_trial(optuna.create_trial(value=9.0, user_attrs={name: value}))
    after = read_study(study)
    assert after.left_out == ()
    assert after.trials[:7] == before.trials
    assert all(trial.best is None for trial in after.trials[7:])
    assert (after.space, after.tasks, after.best) == (before.space, before.tasks, before.best)


OURS = [v for k, v in vars(attributes).items() if k.isupper() and k not in {"PREFIX", "IDENTITY"}]


@pytest.mark.parametrize("value", ["words", [1], [{"a": 2}], {"epoch": "x"}, 3, True])
def test_a_record_that_does_not_decode_is_left_out_and_named(
    study: optuna.Study, value: object, capsys: pytest.CaptureFixture[str], runs: Path
) -> None:
    """Such as one of a later version; nothing ends in a traceback."""
    for name in OURS:
        study.set_user_attr(name, value)
    study.add_trial(optuna.create_trial(value=9.0, user_attrs=dict.fromkeys(OURS, value)))
    record = read_study(study)
    assert f"{attributes.METRICS} of trial 7" in record.left_out
    for options in ([], ["--csv"], ["--json"]):
        assert show.main(["tiny", "--runs", str(runs), *options]) == 0
        told = capsys.readouterr().out
        assert options or "left out, since this version cannot read them: avq:" in told
    assert document(record, with_plots=False).title == "tiny"
    assert study_note(record, [])
    assert all(trial_note(record, trial, None) for trial in record.trials)
    assert list(record.trials[7].history) == []
    with pytest.raises(StudyError, match="has no configuration"):
        to_yaml(record, record.trials[7])
