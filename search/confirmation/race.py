"""Compares candidates over paired runs: drops those clearly behind, finds who could still overtake. Pure.

A run is one fold with one fresh seed. All candidates train on the same folds and seeds, so that the
difficulty of a fold and the seed_error of a seed cancel in their differences.
"""

import math
from collections.abc import Collection, Mapping, Sequence
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
ERRORS_TO_RUN_AGAIN: Final = 1.0
"""A candidate runs with the next seed when it is behind the leader by at most so many standard errors of
what seeds bring: more would cost a run or two and gain nothing (docs/experiments/029)."""


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


def gap(first: Sequence[Run], second: Sequence[Run], num_folds: float) -> Gap:
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


def corrected_error(values: Sequence[float], num_folds: float) -> float:
    """Standard error of a mean over folds and seeds; NaN of fewer than two values.

    Args:
        values: One a run.
        num_folds: Number of folds; of uneven ones `avq_core.data.store.balanced_folds.even_folds`.
    """
    if len(values) < 2:
        return math.nan
    share = 1 / (num_folds - 1)  # validation clips for each train clip of a fold
    return float(np.std(values, ddof=1) * math.sqrt(1 / len(values) + share))


@dataclass(frozen=True, kw_only=True, slots=True)
class Race:
    """The state of a race."""

    standings: tuple[Standing, ...]
    running: frozenset[int] = frozenset()
    """Candidates that have a run in `next_round` and, if not dropped, in all later rounds of its seed;
    empty where no run is wanted any more."""
    next_round: int = 0
    """First round in which one of `running` lacks its run."""


def race(
    parameters: Mapping[int, int],
    runs: Mapping[int, Sequence[Run | None]],
    *,
    num_folds: int,
    even_folds: float | None = None,
) -> Race:
    """Goes through the rounds that have been run, and drops candidates that are clearly behind.

    All candidates run with the first seed. A further seed is spent on the leader and on each candidate
    that could still overtake it. The race is over when none could.

    Depends on the runs only, so that an interrupted race has the same outcome when it is resumed.

    Args:
        parameters: Each candidate's number of weights.
        runs: Each candidate's run of each round, seed by seed; `None` where it is missing.
        num_folds: Number of folds, and of the rounds of one seed.
        even_folds: As `corrected_error` takes it; `None` for as many as there are.
    """
    field = _Field(parameters, runs, num_folds if even_folds is None else even_folds)
    rounds = len(next(iter(runs.values())))
    waiting = field.go(set(parameters), range(min(num_folds, rounds)))
    racing: set[int] = set()
    # A leader that falls back with its second seed may be within reach of one that stayed out.
    while waiting is None and (wanted := racing | contenders(field.standings())) != racing:
        racing = wanted
        waiting = field.go(racing, range(num_folds, rounds))
    return waiting or Race(standings=field.standings())


class _Field:
    """The candidates, with the runs of each that count so far."""

    def __init__(
        self,
        parameters: Mapping[int, int],
        runs: Mapping[int, Sequence[Run | None]],
        even_folds: float,
    ) -> None:
        self.parameters, self.runs, self.even_folds = parameters, runs, even_folds
        self.counts = dict.fromkeys(parameters, 0)
        self.dropped: dict[int, str] = {}

    def standings(self) -> tuple[Standing, ...]:
        return tuple(
            Standing(
                key=key,
                parameters=num_weights,
                runs=tuple(run for run in self.runs[key][: self.counts[key]] if run is not None),
                dropped=self.dropped.get(key),
            )
            for key, num_weights in self.parameters.items()
        )

    def go(self, racing: Collection[int], rounds: range) -> Race | None:
        """Takes some candidates through some rounds; the race as it stands where a run is missing."""
        for number in rounds:
            active = [key for key in self.parameters if key in racing and key not in self.dropped]
            if any(self.runs[key][number] is None for key in active):
                running = frozenset(active)
                return Race(standings=self.standings(), running=running, next_round=number)
            losers = _losers(active, self.runs, number + 1, self.even_folds)
            for key in active:
                # One that ran with this seed before another joined keeps its later runs.
                self.counts[key] = max(self.counts[key], number + 1)
            for key, reason in losers.items():
                self.counts[key] = number + 1
                self.dropped[key] = f"after {number + 1} of {len(self.runs[key])} runs: {reason}"
        return None


def contenders(standings: Sequence[Standing]) -> set[int]:
    """The leader and the candidates that could overtake it with another seed; empty where none could.

    Another seed runs on the same folds, so only the error that seeds bring counts.
    """
    remaining = [s for s in standings if s.dropped is None and math.isfinite(s.mean)]
    if not remaining:
        return set()
    leader = max(remaining, key=lambda s: s.mean)
    rivals = {
        other.key
        for other in remaining
        if other is not leader
        and leader.mean - other.mean <= ERRORS_TO_RUN_AGAIN * _seed_error(leader, other)
    }
    return rivals | {leader.key} if rivals else set()


def _seed_error(first: Standing, second: Standing) -> float:
    """Standard error of the difference of two means, on the same folds with other seeds."""
    share = 1 / len(first.runs) + 1 / len(second.runs)
    gaps = [one.score - other.score for one, other in zip(first.runs, second.runs, strict=False)]
    spread = float(np.std(gaps, ddof=1)) if len(gaps) > 1 else 0.0
    return math.sqrt(share) * max(MIN_SEED_STD, spread / math.sqrt(2))


def _losers(
    alive: Sequence[int], runs: Mapping[int, Sequence[Run | None]], count: int, num_folds: float
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
