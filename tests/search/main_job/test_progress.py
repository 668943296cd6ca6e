"""What a user sees while a study runs."""

from collections.abc import Callable

import optuna
import pytest

from search.main_job.progress import describe, format_seconds, take_snapshot
from search.objective import Objective
from studies.records import attributes
from studies.score import Watch


def test_a_snapshot_counts_and_estimates(
    study: optuna.Study, make_objective: Callable[..., Objective]
) -> None:
    """Two of five trials in ten seconds leave about fifteen."""
    study.optimize(make_objective(), n_trials=2)
    study.enqueue_trial({"optim.lr": 0.01})
    snapshot = take_snapshot(study, total=5, finished_at_start=0, elapsed=10.0)
    assert (snapshot.finished, snapshot.running, snapshot.failed) == (2, 0, 0)
    assert snapshot.seconds_left == pytest.approx(15.0)
    assert snapshot.epochs_spent == 6
    line = describe(snapshot, Watch())
    for part in ("2/5 trials", "0 running", "0 pruned", "cross_modal", "overall", "15 s left"):
        assert part in line


def test_the_pace_is_that_of_this_run_alone(
    study: optuna.Study, make_objective: Callable[..., Objective]
) -> None:
    """A resumed study has no pace before its first new trial."""
    study.optimize(make_objective(), n_trials=2)
    snapshot = take_snapshot(study, total=5, finished_at_start=2, elapsed=10.0)
    assert snapshot.seconds_left is None
    assert "left" not in describe(snapshot, Watch())


def test_a_study_that_was_stopped_says_why(
    study: optuna.Study, make_objective: Callable[..., Objective]
) -> None:
    """In place of the time left."""
    study.optimize(make_objective(), n_trials=1)
    study.set_user_attr(attributes.STOPPED, "little is to come")
    line = describe(take_snapshot(study, total=5, finished_at_start=0, elapsed=10.0), Watch())
    assert line.endswith(" · stopped: little is to come")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.2, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_seconds_are_told_as_people_say_them(seconds: float, told: str) -> None:
    """Not 7500.0."""
    assert format_seconds(seconds) == told
