"""Compares candidates over paired runs: drops those clearly behind, chooses one. Pure.

A run is one fold with one fresh seed. All candidates train on the same folds and seeds, so that the
difficulty of a fold and the seed_error of a seed cancel in their differences.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.special

from search.pruners.paired_error import paired_error

ERRORS_TO_DROP: Final = 2.5
"""A candidate is dropped when it is more than so many standard errors behind the leader; more than the
usual two, since they are compared several times."""
MIN_SEED_STD: Final = 0.05
"""Lower bound on the seed-to-seed standard deviation of a score, which one run cannot show.
Measured: 0.03 on the demo set, 0.08 on real clips (docs/experiments/018)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A candidate's score in one run."""

    fold: int
    score: float
    """On the fold's validation side; not finite where the run diverged."""
    losses: Sequence[float] | None
    """Per-cluster losses (`search.pruners.paired_error`); `None` where the score is not defined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A candidate in the race."""

    key: int
    parameters: int
    """Weights of its network; fewer is simpler."""
    runs: tuple[Run, ...]
    """In the order of the rounds; fewer than all where it was dropped."""
    dropped: str | None = None
    """Why it was dropped, in words; `None` where it was not."""

    @property
    def mean(self) -> float:
        """Mean score; minus infinity where a run diverged or there are none."""
        scores = [run.score for run in self.runs]
        is_defined = bool(scores) and all(map(math.isfinite, scores))
        return float(np.mean(scores)) if is_defined else -math.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A mean paired difference of two candidates' scores."""

    value: float
    error: float
    """Its standard error; NaN of a single run."""
    degrees_of_freedom: int
    """Of the error."""

    def interval(self) -> tuple[float, float]:
        """The 95 % interval, by Student's t."""
        half = float(scipy.special.stdtrit(max(self.degrees_of_freedom, 1), 0.975)) * self.error
        return self.value - half, self.value + half


def gap(first: Sequence[Run], second: Sequence[Run], num_folds: int) -> Gap:
    """The mean difference of the first's and the second's scores, over the runs of both.

    Its error is that of the runs' differences, corrected for train sides that overlap between folds
    (Nadeau & Bengio, 2003, section 4.2: `1/n` becomes `1/n + val/train`).
    """
    gaps = [one.score - other.score for one, other in zip(first, second, strict=False)]
    return Gap(
        value=float(np.mean(gaps)),
        error=corrected_error(gaps, num_folds),
        degrees_of_freedom=max(len(gaps) - 1, 1),
    )


def corrected_error(values: Sequence[float], num_folds: int) -> float:
    """Standard error of a mean over folds and seeds; NaN of fewer than two values."""
    if len(values) < 2:
        return math.nan
    share = 1 / max(num_folds - 1, 1)  # validation clips for each train clip of a fold
    return float(np.std(values, ddof=1) * math.sqrt(1 / len(values) + share))


def race(
    parameters: Mapping[int, int],
    runs: Mapping[int, Sequence[Run | None]],
    *,
    num_folds: int,
) -> tuple[list[Standing], int]:
    """Goes through the rounds that have been run, and drops candidates that are clearly behind.

    Depends on the runs only, so that an interrupted race has the same outcome when it is resumed.

    Args:
        parameters: Each candidate's number of weights.
        runs: Each candidate's run of each round; `None` where it is missing.
        num_folds: Number of folds.

    Returns:
        The standing of every candidate; and the first round in which a candidate that was not
        dropped lacks its run (the number of rounds where none does).
    """
    rounds = len(next(iter(runs.values())))
    alive, dropped = dict(parameters), dict[int, tuple[str, int]]()
    reached = rounds
    for number in range(rounds):
        if any(runs[key][number] is None for key in alive):
            reached = number
            break
        for key, reason in _losers(list(alive), runs, number + 1, num_folds).items():
            dropped[key] = (f"after {number + 1} of {rounds} runs: {reason}", number + 1)
            del alive[key]
    standings = []
    for key, num_weights in parameters.items():
        gone = dropped.get(key)
        count = reached if gone is None else gone[1]
        runs_so_far = tuple(run for run in runs[key][:count] if run is not None)
        why = None if gone is None else gone[0]
        standings.append(Standing(key=key, parameters=num_weights, runs=runs_so_far, dropped=why))
    return standings, reached


def _losers(
    alive: Sequence[int], runs: Mapping[int, Sequence[Run | None]], count: int, num_folds: int
) -> dict[int, str]:
    """Candidates of which a run diverged or that are clearly behind, with the reason."""
    scored = {key: [run for run in runs[key][:count] if run is not None] for key in alive}
    losers = {
        key: "a run diverged"
        for key, of_key in scored.items()
        if not all(math.isfinite(run.score) for run in of_key)
    }
    finite = [key for key in alive if key not in losers]
    if not finite:
        return losers
    leader = max(finite, key=lambda key: np.mean([run.score for run in scored[key]]))
    for key in finite:
        behind = gap(scored[leader], scored[key], num_folds)
        # The seed variance of both scores counts; the clips' error does not include it.
        seed_error = MIN_SEED_STD * math.sqrt(2 / count)
        clips_error = clip_error(scored[leader], scored[key])
        expected_error = (
            math.hypot(clips_error, seed_error) if math.isfinite(clips_error) else seed_error
        )
        # A few runs may agree by chance, so their spread never lowers the error.
        error = max(expected_error, behind.error) if math.isfinite(behind.error) else expected_error
        if key != leader and behind.value > ERRORS_TO_DROP * error:
            times = behind.value / error
            losers[key] = f"behind #{leader} by {behind.value:.3f}, {times:.1f} standard errors"
    return losers


def clip_error(first: Sequence[Run], second: Sequence[Run]) -> float:
    """Standard error, over clips, of the paired difference on all folds that both were run on.

    Runs of one fold share its clips, so their losses are averaged first.
    """
    folds: dict[int, list[tuple[Sequence[float], Sequence[float]]]] = {}
    for one, other in zip(first, second, strict=False):
        if one.losses is None or other.losses is None:
            return math.nan
        folds.setdefault(one.fold, []).append((one.losses, other.losses))
    errors = [
        paired_error(*(list(np.mean([pair[side] for pair in pairs], axis=0)) for side in (0, 1)))
        for pairs in folds.values()
    ]
    return float(np.sqrt(np.sum(np.square(errors))) / len(errors))


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The chosen candidate, and why."""

    key: int
    best: int
    """The candidate of the highest mean; it may be the chosen one itself."""
    reason: str


def choose(standings: Sequence[Standing], num_folds: int) -> Choice | None:
    """The simplest of those within one standard error of the best (Breiman et al., 1984, 3.4.3).

    The error is that of the paired difference to the best. Dropped candidates are left out; `None` where
    no other has a score.
    """
    remaining = [s for s in standings if s.dropped is None and math.isfinite(s.mean)]
    if not remaining:
        return None
    best = max(remaining, key=lambda s: (s.mean, -s.parameters))
    close = [best]
    for other in remaining:
        behind = gap(best.runs, other.runs, num_folds)
        if other is not best and behind.value <= behind.error:
            close.append(other)
    chosen = min(close, key=lambda s: (s.parameters, -s.mean))
    if chosen is best:
        rest = "no simpler one is within one standard error of it"
        if len(remaining) == 1:
            rest = "all other candidates were dropped or diverged"
        return Choice(
            key=best.key, best=best.key, reason=f"#{best.key} is chosen: the best, and {rest}."
        )
    behind = gap(best.runs, chosen.runs, num_folds)
    return Choice(
        key=chosen.key,
        best=best.key,
        reason=(
            f"#{chosen.key} is chosen: the simplest ({chosen.parameters:,} weights) of the "
            f"{len(close)} within one standard error of the best, #{best.key} "
            f"({best.parameters:,} weights), which is ahead by {behind.value:.3f} ± "
            f"{behind.error:.3f}."
        ),
    )


def is_settled(standings: Sequence[Standing], num_folds: int) -> bool:
    """True when no simpler candidate could still be within one standard error of the best.

    A candidate that is no simpler than the chosen one would have to overtake it; a simpler one need
    only come within a standard error of the best, which further runs may show.
    """
    choice = choose(standings, num_folds)
    if choice is None:
        return True
    by_key = {standing.key: standing for standing in standings}
    return not any(
        other.parameters < by_key[choice.key].parameters
        for other in standings
        if other.dropped is None and math.isfinite(other.mean)
    )
