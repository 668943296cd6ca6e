"""How often the intervals on test contain the truth."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from avq_core.evaluation import intervals
from avq_core.evaluation.intervals import Draws, Interval
from benchmarks.honesty.world import (
    MISSING_SHARE,
    NUM_SEEDS,
    NUM_TEST,
    Array,
    Groups,
    World,
    grouped,
    groups_of,
    seed_variance,
)

_NUM_DRAWS: Final = 1_000_000
"""Of the seed's variance, for the truth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How often the interval of a metric contained the truth in a world."""

    world: str
    metric: str
    truth: float
    mean: float
    """Of the metric over studies."""
    held: float
    """Share of the studies whose interval contains the truth."""


def coverage(world: World, studies: int, seed: int) -> list[Coverage]:
    """Simulates the evaluation on test again and again.

    Two models: one as the world has it, and another that is equally good and whose shared error is half the
    first one's and half its own, so that the two err alike.
    """
    rng = np.random.default_rng(seed)
    # A run's variance is cut at 0, which moves the truth a little where it is very uneven.
    sizes = np.maximum(0.0, 1 + world.uneven * rng.standard_normal(_NUM_DRAWS))
    r2 = 1 - world.shared - world.by_seed * float(sizes.mean())
    truths = {"R²": r2, "difference of R²": 0.0, "Pearson": _true_correlation(world, rng)}
    simulated: dict[str, list[Interval]] = {name: [] for name in truths}
    groups = groups_of(NUM_TEST, world.ranked_groups)
    names = [str(group) for group in groups]
    for _ in range(studies):
        truth = grouped(rng, (), groups, world.within_group)
        shared, other = grouped(rng, (2,), groups, world.within_group)
        first = _runs(rng, world, groups, truth, shared)
        second = _runs(rng, world, groups, truth, np.sqrt(0.5) * (shared + other))
        targets = np.where(rng.random(NUM_TEST) < MISSING_SHARE, np.nan, truth)
        draws = Draws(targets, names)
        simulated["R²"].append(draws.interval(intervals.r2, first))
        simulated["difference of R²"].append(draws.difference(first, second))
        simulated["Pearson"].append(draws.interval(intervals.pearson, first))
    return [
        Coverage(
            world=world.name,
            metric=name,
            truth=truths[name],
            mean=float(np.mean([interval.value for interval in ends])),
            held=float(np.mean([i.low <= truths[name] <= i.high for i in ends])),
        )
        for name, ends in simulated.items()
    ]


def _runs(
    rng: np.random.Generator, world: World, groups: Groups, truth: Array, shared: Array
) -> list[Array]:
    """Each run's score of each clip."""
    runs = []
    for _ in range(NUM_SEEDS):
        size = seed_variance(rng, world)
        noise = np.sqrt(size) * grouped(rng, (), groups, world.within_group)
        runs.append(truth + np.sqrt(world.shared) * shared + noise)
    return runs


def _true_correlation(world: World, rng: np.random.Generator) -> float:
    """Pearson's of label and score in the population, averaged over seeds."""
    sizes = np.maximum(0.0, 1 + world.uneven * rng.standard_normal(_NUM_DRAWS))
    return float(np.mean(1 / np.sqrt(1 + world.shared + world.by_seed * sizes)))
