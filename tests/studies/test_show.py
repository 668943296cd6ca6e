"""`studies.show`: as text and as JSON, in every stage of a study."""

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import optuna
from commands import assert_one_line, run

from studies.records import attributes
from studies.records.read import read_study
from studies.summary.closing_text import render
from studies.summary.trial_rows import as_csv
from studies.summary.values import summary


def strict(text: str) -> Any:
    """Reads JSON as the standard has it: NaN and Infinity are none."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_json_holds_what_programs_need(confirmed: optuna.Study, runs: Path) -> None:
    """Counts, best and baseline with both watched R², the choice and its confirmation."""
    done = run("studies.show", "tiny", "--json", "--runs", runs)
    assert done.returncode == 0, done.stderr
    printed = strict(done.stdout)
    assert printed["study"] == "tiny"
    assert printed["counts"]["complete"] == 3
    assert printed["counts"]["pruned"] == 1
    assert printed["best"]["trial"] == 1
    assert printed["best"]["score"] == 0.5
    assert printed["best"]["cross_modal"] == 0.55
    assert printed["best"]["overall"] == 0.45
    assert printed["best"]["r2"]["lip_sync"] is None
    assert printed["baseline"]["trial"] == 0
    assert printed["chosen"] == 2
    assert printed["confirmation"]["folds"] == 3
    assert printed["epochs"] == {"spent": 50, "saved": 8}


def test_json_of_a_study_without_trials_has_nulls(empty: optuna.Study) -> None:
    """Nothing is made up."""
    printed = summary(read_study(empty))
    assert printed["best"] is None
    assert printed["baseline"] is None
    assert printed["counts"] == dict.fromkeys(
        ["complete", "pruned", "failed", "running", "waiting"], 0
    )


def test_text_sets_baseline_and_best_side_by_side(study: optuna.Study) -> None:
    """Every task with its number of labels; an undefined metric is n/a."""
    lines = render(read_study(study)).splitlines()
    row = next(line.split() for line in lines if line.startswith("cross_modal"))
    assert row == ["cross_modal", "*", "0.150", "0.550", "0.610", "20"]
    assert any(line.split() == ["lip_sync", "n/a", "n/a", "n/a", "1"] for line in lines)
    assert any("3 complete, 1 pruned" in line for line in lines)


def test_text_of_a_confirmed_study_has_the_test_metrics(confirmed: optuna.Study) -> None:
    """Folds and test, with intervals and the paired difference."""
    text = render(read_study(confirmed))
    assert "0.310 [0.210, 0.410]" in text
    assert "difference" in text
    assert "opened once" in text


def test_text_of_a_study_without_trials(empty: optuna.Study) -> None:
    """Says so instead of failing."""
    assert "no finished trial yet" in render(read_study(empty))


def test_without_a_name_the_newest_study_is_shown_and_named(
    study: optuna.Study, empty: optuna.Study, runs: Path
) -> None:
    """The choice is printed on stderr, so that stdout stays what it is."""
    done = run("studies.show", "--json", "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert strict(done.stdout)["study"] in done.stderr


def test_a_study_that_is_not_there(study: optuna.Study, runs: Path) -> None:
    """One line that names those that are."""
    done = run("studies.show", "other", "--runs", runs)
    assert_one_line(done, "no study 'other'", "expected one of tiny")


def test_a_simple_model_that_wins_is_told_plainly(confirmed: optuna.Study) -> None:
    """In the search's table, in the test's, and in words; the ensemble beside the single best."""
    text = render(read_study(confirmed))
    search, test = (part for part in text.split("\n\n") if "ridge" in part and "  " in part)
    assert "0.620" in search  # the score: the mean of both watched R²
    assert "0.520" in test
    assert "ensemble of 2" in test
    assert "0.370" in test
    said = "is worse than the ridge, the best simple model, in cross_modal"
    assert said in text
    assert "is not clearly apart from the ridge, the best simple model, in overall" in text


def test_why_a_study_ended_early_is_told(study: optuna.Study) -> None:
    """At the top, and for programs; a study that goes on says nothing of it."""
    assert "\nstopped:" not in render(read_study(study))
    assert summary(read_study(study))["stopped"] is None
    study.set_user_attr(attributes.STOPPED, "after 40 trials, since little is to come")
    assert "\nstopped: after 40 trials, since little is to come\n" in render(read_study(study))
    assert "40 trials" in summary(read_study(study))["stopped"]


def test_a_simple_model_that_no_trial_beats_is_named(study: optuna.Study) -> None:
    """Before anything is confirmed, too: by the score on val."""
    study.set_user_attr(attributes.CONFIRMATION, {})
    record = read_study(study)
    printed = "On val no trial beats the ridge: its score is 0.620, that of the best trial 0.500."
    assert printed in render(record)
    assert "no trial beats" not in render(dataclasses.replace(record, simple={}))


def test_csv_has_a_row_a_trial(study: optuna.Study, runs: Path) -> None:
    """Every state; full digits; empty where a trial has nothing, `null` where that was suggested."""
    done = run("studies.show", "tiny", "--csv", "--runs", runs)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["number"] for row in rows] == [str(n) for n in range(7)]
    states = ["complete"] * 3 + ["pruned", "failed", "running", "waiting"]
    assert [row["state"] for row in rows] == states
    best = rows[1]
    assert float(best["score"]) == 0.5
    assert (best["r2.cross_modal"], best["r2.overall"]) == ("0.55", "0.45")
    assert best["r2.lip_sync"] == ""
    assert (best["best_epoch"], best["epochs"], best["planned_epochs"]) == ("14", "14", "14")
    assert (best["optim.lr"], best["model.num_layers"]) == ("0.0015", "2")
    assert (rows[0]["baseline"], best["baseline"]) == ("True", "False")
    assert rows[3]["reason"] == "pruned <here> & there"
    assert rows[6]["score"] == rows[6]["optim.lr"] == ""
    record = read_study(study)
    trial = dataclasses.replace(record.trials[1], params={"optim.clip_norm": None}, reason="a,\nb")
    (row,) = csv.DictReader(io.StringIO(as_csv(dataclasses.replace(record, trials=[trial]))))
    assert row["optim.clip_norm"] == "null"
    assert row["reason"] == "a,\nb"


def test_csv_is_of_one_study_and_stands_alone(
    study: optuna.Study, empty: optuna.Study, runs: Path
) -> None:
    """Not beside JSON, not of two."""
    done = run("studies.show", "tiny", "--csv", "--json", "--runs", runs)
    assert_one_line(done, "not allowed with argument")
    done = run("studies.show", "tiny", "--runs", runs, "empty", "--csv")
    assert_one_line(done, "--csv shows one study, got two")
