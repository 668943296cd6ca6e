"""`studies.dashboard.trial_note`: why a trial ended, each decision, metrics, configuration."""

import dataclasses

import optuna
import yaml

from studies.dashboard.trial_note import trial_note
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.records.trial import Spared, TrialRecord


def note(record: StudyRecord, trial: TrialRecord) -> str:
    return trial_note(record, trial, "/artifacts/1/2/ab")


def test_tells_why_the_trial_ended(study: optuna.Study) -> None:
    """In the search's words, with Markdown escaped."""
    record = read_study(study)
    text = note(record, record.trials[3])
    assert "**Trial 3: pruned** after 6 of 14 epochs" in text
    assert r"Pruned \<here\> \& there." in text


def test_shows_the_curves(study: optuna.Study) -> None:
    """As a picture within the note; a trial without has none."""
    record = read_study(study)
    assert "![learning curves of trial 3](/artifacts/1/2/ab)" in note(record, record.trials[3])
    assert "![" not in trial_note(record, record.trials[3], None)


def test_tells_each_rungs_decision(study: optuna.Study) -> None:
    """Where the pruner let the trial go on, and where it did not."""
    record = read_study(study)
    history = list(record.trials[3].history)
    history[1] = history[1].model_copy(update={"decision": "place 2 of 9"})
    text = note(record, dataclasses.replace(record.trials[3], history=history))
    assert "- **epoch 2**: score -0.067" in text
    assert "went on: place 2 of 9" in text
    assert text.index("went on: place 2") < text.index("**epoch 6**") < text.index("stopped here")


def test_tells_of_a_spared_trial(study: optuna.Study) -> None:
    """The pruner would have stopped it, and where."""
    record = read_study(study)
    spared = Spared(epoch=6, reason="place 8 of 9")
    text = note(record, dataclasses.replace(record.trials[1], spared=spared))
    assert "would have stopped it at epoch 6 (place 8 of 9)" in text
    assert "to be stopped, but spared: place 8 of 9" in text


def test_metrics_are_listed_by_task(study: optuna.Study) -> None:
    """One that is not defined is n/a; the watched ones are named."""
    record = read_study(study)
    text = note(record, record.trials[2])
    assert "| score | 0.400 |  |" in text
    assert "| lip_sync | n/a | 1 |" in text
    assert "| cross_modal (watched) | 0.450 | 20 |" in text


def test_the_configuration_is_yaml(study: optuna.Study) -> None:
    """The whole one, to be copied."""
    record = read_study(study)
    text = note(record, record.trials[2])
    block = text.split("```yaml\n")[1].split("```")[0]
    assert yaml.safe_load(block) == record.trials[2].config


def test_a_trial_that_left_nothing_has_a_note(study: optuna.Study) -> None:
    """It failed before its first epoch, and was of an earlier version."""
    record = read_study(study)
    bare = dataclasses.replace(record.trials[4], config=None, reason=None, planned_epochs=0)
    assert note(record, bare).startswith("**Trial 4: failed**")
    assert "No reason was recorded." in note(record, bare)


def test_only_what_is_under_way_has_not_ended(study: optuna.Study) -> None:
    """Running and waiting."""
    trials = read_study(study).trials
    assert [trial.has_ended for trial in trials] == [True] * 5 + [False] * 2
