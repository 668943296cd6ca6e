"""The incumbents of a search over time, and what it took to reach them. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from benchmarks.search.results import SearchRun, TrialRun

Curve = Sequence[tuple[float, float]]
"""Seconds at which each incumbent came, rising, and its score."""


def incumbents(trials: Iterable[TrialRun]) -> list[TrialRun]:
    """The trials that were the best when they ended, the first one first, the choice last.

    Raises:
        ValueError: No trial has a score.
    """
    bests: list[TrialRun] = []
    best = -math.inf
    for trial in sorted(trials, key=lambda trial: (trial.ended, trial.number)):
        if trial.score is not None and trial.score > best:
            bests.append(trial)
            best = trial.score
    if not bests:
        raise ValueError("no trial has a score, expected at least one that was not stopped")
    return bests


def searched_curve(run: SearchRun) -> Curve:
    """The incumbents' search scores, rising."""
    trials = incumbents(run.trials)
    return [(trial.ended, trial.score) for trial in trials if trial.score is not None]


def confirmed_curve(run: SearchRun) -> Curve:
    """The incumbents' confirmed scores; NaN where one diverged on a fold.

    At each time, what a user who stopped the search then would really have got. It need not rise: an
    incumbent that was lucky in the search takes the place of a better one.
    """
    scores = ((t.ended, run.confirmed_score(t.number)) for t in incumbents(run.trials))
    return [(seconds, math.nan if score is None else score) for seconds, score in scores]


def score_at(curve: Curve, seconds: float) -> float:
    """The incumbent's score at a time; NaN before there is one."""
    place = bisect_right([when for when, _ in curve], seconds)
    return curve[place - 1][1] if place else math.nan


def seconds_to(curve: Curve, score: float) -> float | None:
    """The time from which on no incumbent was below this score; `None` if the last one is."""
    first = None
    for seconds, reached in reversed(curve):
        if not reached >= score:
            break
        first = seconds
    return first


def epochs_by(trials: Iterable[TrialRun], seconds: float) -> float:
    """Epochs that all trials had trained by a time; each trains evenly over its time."""

    def share(trial: TrialRun) -> float:
        if trial.ended <= seconds:
            return 1.0
        if trial.started >= seconds:
            return 0.0
        return (seconds - trial.started) / (trial.ended - trial.started)

    return sum(trial.epochs * share(trial) for trial in trials)
