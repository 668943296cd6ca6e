"""What follows from the trials of a study."""

import dataclasses
import math

import optuna
import pytest
from made_records import at_best, made_study

from studies.records.read import read_study


def test_best_and_baseline(study: optuna.Study, empty: optuna.Study) -> None:
    """The best is a complete one; a study without trials has neither."""
    record = read_study(study)
    assert record.best is not None
    assert record.best.number == 1
    assert record.baseline is not None
    assert record.baseline.number == 0
    assert read_study(empty).best is None
    assert read_study(empty).baseline is None


def test_of_equal_scores_the_earliest_is_best() -> None:
    """So that the same trials give the same best one, in whatever order they ended."""
    study = made_study(trials=4)
    trials = [at_best(trial, score=0.5) for trial in study.trials]
    best = dataclasses.replace(study, trials=trials).best
    assert best is not None
    assert best.number == 0


def test_the_best_simple_model_has_the_highest_score() -> None:
    """One that has no score is not it, and without any there is none."""
    study = made_study(trials=0)
    simple = {
        "train mean": {"cross_modal": 0.0, "overall": 0.0},
        "ridge": {"cross_modal": 0.2, "overall": 0.4},
        "random forest": {"cross_modal": math.nan, "overall": 0.9},
    }
    assert dataclasses.replace(study, simple=simple).best_simple_model == "ridge"
    assert study.best_simple_model is None


def test_epochs_spent_and_saved(study: optuna.Study) -> None:
    """Interrupted trials cost too; only pruned ones save."""
    record = read_study(study)
    assert record.epochs_spent == 3 * 14 + 6 + 2
    assert record.epochs_saved == 14 - 6
    assert record.share_saved == pytest.approx(8 / 58)


def test_which_trials_count(study: optuna.Study) -> None:
    """Complete ones with a score, those that were searched, those that ended."""
    record = read_study(study)
    assert [trial.number for trial in record.complete] == [0, 1, 2]
    assert [trial.number for trial in record.ranked] == [1, 2, 0]
    assert [trial.number for trial in record.finished] == [0, 1, 2, 3]
    made = made_study(trials=4)
    assert [trial.number for trial in made.searched] == [1, 2, 3]


def test_many_tasks_leave_columns_to_the_watched_ones() -> None:
    """A line holds eight."""
    assert made_study(trials=0).columns == ("lip_sync", "cross_modal", "overall")
    many = tuple(f"task_{number}" for number in range(9))
    assert made_study(trials=0, tasks=many).columns == ("task_1", "task_8")
