"""Optuna's pruners, replayed: the same decisions without a study, some hundred times as fast.

Each sees the score alone, an epoch at a time, and is not asked at a trial's last epoch, where nothing
is left to save. `tests/benchmarks/test_peers.py` holds each against Optuna's own object.
"""

import binascii
import itertools
import math
from bisect import insort

import numpy as np

from benchmarks.replay.trials import FloatArray, Outcome, Trials, in_turn


def median(trials: Trials, *, startup: int, warmup: int) -> Outcome:
    """`MedianPruner`: stops a trial whose best score so far is below the median of complete trials.

    Args:
        trials: In the order of their start.
        startup: Complete trials before anything is stopped.
        warmup: The first epoch at which a trial can be stopped.
    """
    best = np.maximum.accumulate(trials.score, axis=1)
    first = max(warmup, 1) - 1
    complete: list[int] = []
    bars = np.full(trials.score.shape[1], np.nan)
    stops: list[int | None] = []
    for number, end in enumerate(trials.ends):
        stop = None
        if len(complete) >= max(startup, 1):
            behind = np.flatnonzero(best[number, first : end - 1] < bars[first : end - 1])
            stop = int(behind[0]) + first + 1 if behind.size else None
        stops.append(stop)
        if stop is None and trials.finishes[number]:
            complete.append(number)
            bars = _medians(trials.score[complete])
    return in_turn(trials, stops)


def _medians(scores: FloatArray) -> FloatArray:
    """The median of each column over the trials that got there; NaN where none did."""
    bars = np.full(scores.shape[1], np.nan)
    there = np.isfinite(scores)
    full = there.all(axis=0)
    # Not np.median, which rounds the mean of two middle values otherwise than Optuna's percentile.
    bars[full] = np.percentile(scores[:, full], 50, axis=0)
    for column in np.flatnonzero(there.any(axis=0) & ~full):
        bars[column] = np.percentile(scores[there[:, column], column], 50)
    return bars


def halving(trials: Trials, *, eta: int) -> Outcome:
    """`SuccessiveHalvingPruner(min_resource=1)`: goes on at 1, eta, eta² ... with the best 1 / eta."""
    bracket = _Bracket(eta=eta, rate=0)
    ends = map(int, trials.ends)
    return in_turn(
        trials, [bracket.stop(s, end) for s, end in zip(trials.score, ends, strict=True)]
    )


def hyperband(trials: Trials, *, eta: int) -> Outcome:
    """`HyperbandPruner(min_resource=1, max_resource=epochs)`: brackets of halving, drawn by hash."""
    # The floating logarithm is Optuna's: of 243 epochs and eta 3 it makes 5 brackets, not 6.
    count = math.floor(math.log(trials.score.shape[1], eta)) + 1
    brackets = [_Bracket(eta=eta, rate=rate) for rate in range(count)]
    shares = [math.ceil(count * eta**s / (s + 1)) for s in reversed(range(count))]
    limits = list(itertools.accumulate(shares))
    stops = []
    for number, (score, end) in enumerate(zip(trials.score, trials.ends, strict=True)):
        draw = binascii.crc32(f"{trials.name}_{number}".encode()) % limits[-1]
        bracket = next(b for b, limit in zip(brackets, limits, strict=True) if draw < limit)
        stops.append(bracket.stop(score, int(end)))
    return in_turn(trials, stops)


class _Bracket:
    """Asynchronous successive halving from epoch eta^rate on."""

    def __init__(self, *, eta: int, rate: int) -> None:
        self.eta = eta
        self.rate = rate
        self.rungs: list[list[float]] = []
        """Scores of all trials that were judged at a rung, rising."""

    def stop(self, score: FloatArray, end: int) -> int | None:
        """Judges a trial of (E,) scores that ends by itself at `end`; where it is stopped."""
        for rung in itertools.count():
            epoch = self.eta ** (self.rate + rung)
            if epoch >= end:
                return None
            if rung == len(self.rungs):
                self.rungs.append([])
            value, judged = float(score[epoch - 1]), self.rungs[rung]
            insort(judged, value)
            if value < judged[-max(len(judged) // self.eta, 1)]:
                return epoch
        raise AssertionError("a trial has an end")
