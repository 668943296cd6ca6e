"""What a search had found by when, and means over seeds with their intervals. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.search.results import TrialRun

Curve = Sequence[tuple[float, float]]
"""Seconds and score of each incumbent, both rising."""


def incumbents(trials: Iterable[TrialRun]) -> list[tuple[float, float]]:
    """The trials that were the best when they ended, as seconds and score, the first one first."""
    scored = [(trial.ended, trial.score) for trial in trials if trial.score is not None]
    found: list[tuple[float, float]] = []
    for seconds, score in sorted(scored):
        if not found or score > found[-1][1]:
            found.append((seconds, score))
    return found


def best_trial(trials: Iterable[TrialRun]) -> TrialRun:
    """The trial of the highest score, the earliest of equals.

    Raises:
        ValueError: No trial has a score.
    """
    scored = [trial for trial in trials if trial.score is not None]
    if not scored:
        raise ValueError("no trial has a score, expected at least one that was not stopped")
    return max(scored, key=lambda trial: (trial.score, -trial.number))


def score_at(curve: Curve, seconds: float) -> float:
    """The incumbent's score at a time; NaN before there is one."""
    place = bisect_right([when for when, _ in curve], seconds)
    return curve[place - 1][1] if place else math.nan


def seconds_to(curve: Curve, score: float) -> float | None:
    """When the incumbent first had this score or a higher one; `None` if it never had."""
    return next((seconds for seconds, reached in curve if reached >= score), None)


def epochs_by(trials: Iterable[TrialRun], seconds: float) -> float:
    """Epochs that all trials had spent by a time; a trial spends its own evenly while it runs."""

    def share(trial: TrialRun) -> float:
        if trial.ended <= seconds:
            return 1.0
        if trial.started >= seconds:
            return 0.0
        return (seconds - trial.started) / (trial.ended - trial.started)

    return sum(trial.epochs * share(trial) for trial in trials)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A mean over seeds and how far it may lie from the true one."""

    mean: float | None
    """`None` of no values."""
    half_width: float | None
    """Of the two-sided 95 % interval by Student's t; `None` of fewer than two values."""
    num: int
    """Values."""

    def text(self, digits: int) -> str:
        """For a table, with so many digits behind the point."""
        if self.mean is None:
            return "n/a"
        width = "" if self.half_width is None else f" ± {self.half_width:.{digits}f}"
        return f"{self.mean:.{digits}f}{width}"


def spread(values: Iterable[float | None]) -> Spread:
    """Mean and interval of the values that there are."""
    known = np.asarray([value for value in values if value is not None], dtype=float)
    num = len(known)
    mean = float(known.mean()) if num else None
    width = None
    if num > 1:
        width = float(stats.t.ppf(0.975, num - 1) * known.std(ddof=1) / math.sqrt(num))
    return Spread(mean=mean, half_width=width, num=num)
