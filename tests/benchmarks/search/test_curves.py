"""Incumbents over time."""

import math
from collections.abc import Callable

import pytest

from benchmarks.search.curves import (
    confirmed_curve,
    epochs_by,
    incumbents,
    score_at,
    searched_curve,
    seconds_to,
)
from benchmarks.search.results import SearchRun, TrialRun

MakeTrial = Callable[..., TrialRun]


def test_a_trial_becomes_the_incumbent_when_it_ends(make_trial: MakeTrial) -> None:
    """In the order of ends, whatever the numbers say; only a higher score takes the place."""
    trials = [
        make_trial(number=0, ended=30.0, score=0.2),
        make_trial(number=1, ended=10.0, score=0.1),
        make_trial(number=2, ended=20.0, score=0.1),
        make_trial(number=3, ended=40.0, score=0.15),
    ]
    assert [trial.number for trial in incumbents(trials)] == [1, 0]


def test_a_stopped_trial_is_never_the_incumbent(make_trial: MakeTrial) -> None:
    """A method that would not choose it must not be credited with it."""
    trials = [make_trial(score=None), make_trial(number=1, ended=20.0, score=-0.3)]
    assert [trial.number for trial in incumbents(trials)] == [1]


def test_a_search_without_a_score_has_no_incumbent(make_trial: MakeTrial) -> None:
    """A trial that was stopped must not stand in."""
    with pytest.raises(ValueError, match="no trial has a score"):
        incumbents([make_trial(score=None)])


def test_the_confirmed_curve_need_not_rise(make_run: Callable[..., SearchRun]) -> None:
    """A luckier incumbent takes the place of a better one; a fold that diverged leaves no score."""
    run = make_run(0.3, 0.2, 0.5, 0.6, confirmed={0: (0.4, 0.2), 2: (0.1,), 3: (0.9, None)})
    assert searched_curve(run) == [(10.0, 0.3), (30.0, 0.5), (40.0, 0.6)]
    (first, second, third) = confirmed_curve(run)
    assert (first, second) == ((10.0, pytest.approx(0.3)), (30.0, 0.1))
    assert math.isnan(third[1])


def test_the_incumbents_score_is_a_step_that_holds_from_its_moment_on() -> None:
    """NaN before the first trial ends."""
    curve = [(10.0, 0.1), (30.0, 0.2)]
    assert math.isnan(score_at(curve, 9.9))
    assert [score_at(curve, when) for when in (10.0, 29.9, 30.0, 99.0)] == [0.1, 0.1, 0.2, 0.2]


def test_the_time_to_a_score_is_from_when_on_no_incumbent_is_below_it() -> None:
    """`None` where the last one is, whatever came before it."""
    curve = [(10.0, 0.1), (30.0, 0.2), (50.0, 0.6)]
    assert seconds_to(curve, 0.2) == 30.0
    assert seconds_to(curve, 0.3) == 50.0
    assert seconds_to(curve, 0.7) is None
    fell = [(10.0, 0.5), (30.0, 0.2), (50.0, 0.6)]
    assert seconds_to(fell, 0.4) == 50.0
    assert seconds_to([*fell, (60.0, math.nan)], 0.4) is None


def test_epochs_of_a_running_trial_count_by_the_share_of_it_that_is_over(
    make_trial: MakeTrial,
) -> None:
    """So that two trials side by side cost as much as two in turn."""
    trials = [
        make_trial(started=0.0, ended=10.0, epochs=4),
        make_trial(started=5.0, ended=15.0, epochs=8),
        make_trial(started=20.0, ended=20.0, epochs=1),
    ]
    assert epochs_by(trials, 10.0) == 4 + 4
    assert epochs_by(trials, 15.0) == 4 + 8
    assert epochs_by(trials, 20.0) == 4 + 8 + 1
