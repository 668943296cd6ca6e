"""Other pruning rules, replayed: the same decisions without a study, some hundred times as fast.

Optuna's see the score alone, an epoch at a time, and are not asked at a trial's last epoch, where nothing
is left to save. `tests/benchmarks/pruners/test_peers.py` compares each with Optuna's own object.
"""

import binascii
import itertools
import math
from bisect import insort

import numpy as np

from benchmarks.pruners.trials import FloatArray, Outcome, Trials, in_turn
from studies.fronts import front_numbers


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
    medians = np.full(trials.score.shape[1], np.nan)
    stops: list[int | None] = []
    for number, end in enumerate(trials.ends):
        stop = None
        if len(complete) >= max(startup, 1):
            behind = np.flatnonzero(best[number, first : end - 1] < medians[first : end - 1])
            stop = int(behind[0]) + first + 1 if behind.size else None
        stops.append(stop)
        if stop is None and trials.finishes[number]:
            complete.append(number)
            medians = _medians(trials.score[complete])
    return in_turn(trials, stops)


def _medians(scores: FloatArray) -> FloatArray:
    """The median of each epoch over the trials that reached it; NaN where none did."""
    medians = np.full(scores.shape[1], np.nan)
    finite = np.isfinite(scores)
    full = finite.all(axis=0)
    # Not np.median, which rounds the mean of two middle values otherwise than Optuna's percentile.
    medians[full] = np.percentile(scores[:, full], 50, axis=0)
    for column in np.flatnonzero(finite.any(axis=0) & ~full):
        medians[column] = np.percentile(scores[finite[:, column], column], 50)
    return medians


def halving(trials: Trials, *, eta: int) -> Outcome:
    """`SuccessiveHalvingPruner(min_resource=1)`: goes on at 1, eta, eta² ... with the best 1 / eta."""
    bracket = _Bracket(eta=eta, rate=0)
    ends = map(int, trials.ends)
    return in_turn(
        trials, [bracket.stop(s, end) for s, end in zip(trials.score, ends, strict=True)]
    )


def hyperband(trials: Trials, *, eta: int) -> Outcome:
    """`HyperbandPruner(min_resource=1, max_resource=epochs)`: brackets of halving, drawn by hash."""
    # Optuna takes the floating logarithm, so 243 epochs with eta 3 make 5 brackets, not 6.
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


def iepoch(trials: Trials, *, epochs: int, kept: int) -> Outcome:
    """A short first pass over all trials, then the best of them from scratch to their end.

    The i-epoch baseline of Egele et al. (2024), "The unreasonable effectiveness of early discarding
    after one epoch", as `search.pruners.first_rung` has it: by non-dominated front of both metrics, then
    by score; from scratch, since a trial that has ended cannot be resumed.

    Args:
        trials: N of them.
        epochs: Of the first pass.
        kept: Trials of the second.
    """
    spent = np.minimum(trials.ends, epochs)
    rows = np.arange(len(trials))
    score = trials.score[rows, spent - 1]
    survivors = np.flatnonzero(np.isfinite(score))
    metrics = trials.metrics[survivors, spent[survivors] - 1].tolist()
    fronts = front_numbers([(first, second) for first, second in metrics])
    best = survivors[np.lexsort((-score[survivors], fronts))[:kept]]
    chosen = np.isin(rows, best)
    return Outcome(
        spent=spent + np.where(chosen, trials.ends, 0), complete=trials.finishes & chosen
    )


class _Bracket:
    """Asynchronous successive halving from epoch eta^rate on."""

    def __init__(self, *, eta: int, rate: int) -> None:
        self.eta = eta
        self.rate = rate
        self.rungs: list[list[float]] = []
        """Scores of all trials that were judged at a rung, rising."""

    def stop(self, score: FloatArray, end: int) -> int | None:
        """Judges a trial of (E,) scores that ends by itself at `end`; gives the epoch of its stop."""
        for rung in itertools.count():
            epoch: int = self.eta ** (self.rate + rung)
            if epoch >= end:
                return None
            if rung == len(self.rungs):
                self.rungs.append([])
            value, judged = float(score[epoch - 1]), self.rungs[rung]
            insort(judged, value)
            if value < judged[-max(len(judged) // self.eta, 1)]:
                return epoch
        raise AssertionError("a trial has an end")
