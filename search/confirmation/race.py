"""Who is better over paired runs, and by how much it is known. Pure.

A run is one fold with one fresh seed; all candidates train on the same ones, so what a fold is like and
what luck its seed brings counts for none of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.special

from search.pruners.paired_error import paired_error

CLEARLY: Final = 2.5
"""Standard errors behind the leader from which on a candidate is dropped: there are several looks."""
LUCK: Final = 0.05
"""Deviation of a score from seed to seed that is reckoned with at least: one run says nothing of it.
Measured: 0.03 on the demo set, 0.08 on real clips (docs/experiments/018)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What a candidate reached in one run."""

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
    """Weights of its network: what makes one simpler than another."""
    runs: tuple[Run, ...]
    """In the order of the rounds; fewer than all where it was dropped."""
    dropped: str | None = None
    """Why it was given up, in words."""

    @property
    def mean(self) -> float:
        """Mean score; minus infinity where a run diverged, or none was made."""
        scores = [run.score for run in self.runs]
        whole = bool(scores) and all(map(math.isfinite, scores))
        return float(np.mean(scores)) if whole else -math.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A mean paired difference of two candidates' scores."""

    value: float
    error: float
    """Its standard error; NaN where nothing says what it is."""
    freedom: int
    """Degrees of freedom of the error."""

    def interval(self) -> tuple[float, float]:
        """95 %, by Student's t."""
        half = float(scipy.special.stdtrit(max(self.freedom, 1), 0.975)) * self.error
        return self.value - half, self.value + half


def gap(first: Sequence[Run], second: Sequence[Run], num_folds: int) -> Gap:
    """How much better the first is, over the runs that both have.

    The error is that of the runs' differences, corrected for train sides that overlap between folds
    (Nadeau & Bengio, 2003, section 4.2: `1/n` becomes `1/n + val/train`).
    """
    gaps = [one.score - other.score for one, other in zip(first, second, strict=False)]
    return Gap(
        value=float(np.mean(gaps)),
        error=corrected_error(gaps, num_folds),
        freedom=max(len(gaps) - 1, 1),
    )


def corrected_error(values: Sequence[float], num_folds: int) -> float:
    """Standard error of the mean of scores over folds and seeds; NaN of fewer than two."""
    if len(values) < 2:
        return math.nan
    share = 1 / max(num_folds - 1, 1)  # clips of a validation side for each one of its train side
    return float(np.std(values, ddof=1) * math.sqrt(1 / len(values) + share))


def race(
    keys: Mapping[int, int],
    runs: Mapping[int, Sequence[Run | None]],
    *,
    num_folds: int,
) -> tuple[list[Standing], int]:
    """Goes through the rounds as far as they are run, and drops whoever clearly loses.

    Depends on nothing but the runs, so that a race that was interrupted comes to the same end.

    Args:
        keys: Candidate to the weights of its network.
        runs: Candidate to its run of each round; `None` for one that is still to be made.
        num_folds: Of the cut.

    Returns:
        All candidates; and the first round in which one that is still in the race lacks its run
        (the number of rounds where none does).
    """
    rounds = len(next(iter(runs.values())))
    alive, dropped = dict(keys), dict[int, tuple[str, int]]()
    reached = rounds
    for number in range(rounds):
        if any(runs[key][number] is None for key in alive):
            reached = number
            break
        for key, reason in _losers(list(alive), runs, number + 1, num_folds).items():
            dropped[key] = (f"after {number + 1} of {rounds} runs: {reason}", number + 1)
            del alive[key]
    standings = []
    for key, parameters in keys.items():
        gone = dropped.get(key)
        count = reached if gone is None else gone[1]
        own = tuple(run for run in runs[key][:count] if run is not None)
        why = None if gone is None else gone[0]
        standings.append(Standing(key=key, parameters=parameters, runs=own, dropped=why))
    return standings, reached


def _losers(
    alive: Sequence[int], runs: Mapping[int, Sequence[Run | None]], count: int, num_folds: int
) -> dict[int, str]:
    """Of those in the race the ones that diverged or are clearly behind, with the reason."""
    seen = {key: [run for run in runs[key][:count] if run is not None] for key in alive}
    found = {
        key: "a run diverged"
        for key, own in seen.items()
        if not all(math.isfinite(run.score) for run in own)
    }
    whole = [key for key in alive if key not in found]
    if not whole:
        return found
    leader = max(whole, key=lambda key: np.mean([run.score for run in seen[key]]))
    for key in whole:
        behind = gap(seen[leader], seen[key], num_folds)
        # Two scores, and so the luck of two runs; clips know nothing of it.
        luck = LUCK * math.sqrt(2 / count)
        clips = clip_error(seen[leader], seen[key])
        known = math.hypot(clips, luck) if math.isfinite(clips) else luck
        # A few runs may agree by chance, so what they tell does not make it smaller.
        error = max(known, behind.error) if math.isfinite(behind.error) else known
        if key != leader and behind.value > CLEARLY * error:
            times = behind.value / error
            found[key] = f"behind #{leader} by {behind.value:.3f}, {times:.1f} standard errors"
    return found


def clip_error(first: Sequence[Run], second: Sequence[Run]) -> float:
    """Standard error of the paired difference over the clips of all folds that both were run on.

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
    """Who is chosen, and why."""

    key: int
    best: int
    """Of the highest mean, from which the one chosen need not be apart."""
    reason: str


def choose(standings: Sequence[Standing], num_folds: int) -> Choice | None:
    """The simplest of those within one standard error of the best (Breiman et al., 1984, 3.4.3).

    The error is that of the paired difference to the best. Candidates that were dropped do not stand;
    `None` where nobody does.
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
            rest = "no other candidate came to the end"
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
    """Whether the choice does not hang on a simpler candidate of which it is open how far behind it is.

    One that is no simpler than the chosen one could take its place only by passing it; a simpler one
    has but to come within a standard error of the best.
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
