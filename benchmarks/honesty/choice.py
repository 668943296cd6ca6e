"""How good the candidate is that a confirmation chooses, by several rules, where the truth is known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.honesty.world import Array
from search.confirmation.choice import choose, optimism
from search.confirmation.race import Run, Standing, gap, race

_CANDIDATES: Final = 3
_FOLDS: Final = 3
_SEEDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """How far candidates and their runs lie apart, as standard deviations of scores."""

    merit: float
    """Of the true scores."""
    fold: float
    """Of what a fold brings to one candidate and not to the others; both seeds share it."""
    seed: float
    """From seed to seed."""


FIELDS: Final = (
    Field(merit=0.03, fold=0.02, seed=0.04),
    Field(merit=0.03, fold=0.02, seed=0.08),
    Field(merit=0.06, fold=0.03, seed=0.04),
    Field(merit=0.06, fold=0.03, seed=0.08),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choosing:
    """What a rule chooses in a field, in the mean over studies; each mean with its standard error."""

    field: Field
    rule: str
    runs: float
    """Runs spent on all candidates."""
    gain: tuple[float, float]
    """True score of the chosen candidate, above the mean of all candidates."""
    excess: tuple[float, float]
    """Confirmed score of the chosen candidate above its true score: the luck of the highest."""
    corrected: tuple[float, float] | None = None
    """The same of the confirmed score less its estimated luck; `None` of rules that estimate none."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one rule chose in one study."""

    chosen: int
    confirmed: float
    runs: int
    luck: float = math.nan
    """As it was estimated."""


def choosing(field: Field, studies: int, seed: int) -> list[Choosing]:
    """Simulates confirmations of three candidates whose size has nothing to do with their merit."""
    rng = np.random.default_rng(seed)
    outcomes: dict[str, list[_Outcome]] = {}
    merits = field.merit * rng.standard_normal((studies, _CANDIDATES))
    by_fold = field.fold * rng.standard_normal((studies, _CANDIDATES, 1, _FOLDS))
    by_run = field.seed * rng.standard_normal((studies, _CANDIDATES, _SEEDS, _FOLDS))
    scores = (merits[:, :, None, None] + by_fold + by_run).reshape(studies, _CANDIDATES, -1)
    for of_study in scores:
        sizes = rng.permutation(_CANDIDATES).tolist()
        for name, outcome in _by_rule(of_study, sizes).items():
            outcomes.setdefault(name, []).append(outcome)
    return [_summary(field, name, of_rule, merits) for name, of_rule in outcomes.items()]


def _by_rule(scores: Array, sizes: Sequence[int]) -> dict[str, _Outcome]:
    """The choice of each rule, from (candidates, runs)."""
    runs = [
        [Run(fold=i % _FOLDS, score=float(score), losses=None) for i, score in enumerate(row)]
        for row in scores
    ]
    parameters = dict(enumerate(sizes))
    first = race(parameters, {k: r[:_FOLDS] for k, r in enumerate(runs)}, num_folds=_FOLDS)
    spent = sum(len(s.runs) for s in first.standings)
    simplest = _simplest_within_one_error(first.standings)
    highest = max((s for s in first.standings if s.dropped is None), key=lambda s: s.mean)
    means = scores.mean(axis=1)
    ours = race(parameters, dict(enumerate(runs)), num_folds=_FOLDS).standings
    choice = choose(ours, _FOLDS)
    assert choice is not None, "nothing diverges here"
    return {
        "fewest weights within one error": _Outcome(simplest.key, simplest.mean, spent),
        "highest mean of one seed": _Outcome(highest.key, highest.mean, spent),
        "in use": _Outcome(
            choice.key,
            next(s.mean for s in ours if s.key == choice.key),
            sum(len(s.runs) for s in ours),
            optimism(ours, _FOLDS),
        ),
        "highest mean of both seeds": _Outcome(
            int(means.argmax()), float(means.max()), scores.size
        ),
    }


def _simplest_within_one_error(standings: Sequence[Standing]) -> Standing:
    """The rule in use until docs/experiments/029 (Breiman et al., 1984, section 3.4.3)."""
    remaining = [s for s in standings if s.dropped is None]
    best = max(remaining, key=lambda s: s.mean)
    behind = {s.key: gap(best.runs, s.runs, _FOLDS) for s in remaining}
    close = [s for s in remaining if s is best or behind[s.key].value <= behind[s.key].error]
    return min(close, key=lambda s: s.parameters)


def _summary(field: Field, rule: str, outcomes: Sequence[_Outcome], merits: Array) -> Choosing:
    true = merits[np.arange(len(merits)), [outcome.chosen for outcome in outcomes]]
    excess = np.array([outcome.confirmed for outcome in outcomes]) - true
    luck = np.array([outcome.luck for outcome in outcomes])
    return Choosing(
        field=field,
        rule=rule,
        runs=float(np.mean([outcome.runs for outcome in outcomes])),
        gain=_mean(true - merits.mean(axis=1)),
        excess=_mean(excess),
        corrected=None if np.isnan(luck).any() else _mean(excess - luck),
    )


def _mean(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))
