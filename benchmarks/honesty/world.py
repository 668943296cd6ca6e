"""Simulated clips, and the scores that models give them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Groups = npt.NDArray[np.intp]

NUM_TRAIN: Final = 953
NUM_VAL: Final = 239
NUM_TEST: Final = 410
"""Clips of each split, as in the talking-head set."""
MISSING_SHARE: Final = 0.28
"""Of the labels."""
NUM_SEEDS: Final = 5
"""Runs of a model that are tested."""
GROUP_SIZE: Final = 4
"""Clips of a group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The errors of models, as variances; that of the labels is 1.

    A model's error on a clip is the sum of a part that all its runs share, which belongs to the
    configuration, and a part that comes with the seed; R² is one minus the sum of their variances.
    """

    name: str
    shared: float
    by_seed: float
    uneven: float = 0.3
    """Standard deviation of the seed's variance from run to run, relative to its size."""
    within_group: float = 0.5
    """Correlation of labels and of errors inside a group of clips, in [0, 1)."""
    ranked_groups: int | None = None
    """Number of groups whose sizes are as 1 / rank; `None` for groups of four clips."""

    @property
    def r2(self) -> float:
        """Of the population, averaged over seeds."""
        return 1 - self.shared - self.by_seed


WORLDS: Final = (
    World(name="poor", shared=0.95, by_seed=0.05),
    World(name="medium", shared=0.4, by_seed=0.1),
    World(name="good", shared=0.15, by_seed=0.05),
    World(name="strong seed noise", shared=0.1, by_seed=0.3, uneven=0.6),
    World(name="independent clips", shared=0.4, by_seed=0.1, within_group=0.0),
    *(
        World(name=f"medium, {n} uneven groups", shared=0.4, by_seed=0.1, ranked_groups=n)
        for n in (15, 30, 100)
    ),
)


def groups_of(clips: int, ranked: int | None = None) -> Groups:
    """The group of each of so many clips, from 0.

    Args:
        clips: Their number.
        ranked: `World.ranked_groups`.
    """
    if ranked is None:
        return np.arange(clips) // GROUP_SIZE
    shares = 1 / np.arange(1, ranked + 1)
    ends = np.cumsum(shares) / shares.sum()
    return np.searchsorted(ends, (np.arange(clips) + 0.5) / clips)


def grouped(rng: np.random.Generator, front: Sequence[int], groups: Groups, within: float) -> Array:
    """Standard normal values, (*front, clips), correlated inside groups.

    Args:
        rng: The source of the values.
        front: Shape of the result before its last axis.
        groups: (clips,), from `groups_of`.
        within: Correlation inside a group, in [0, 1).
    """
    of_group = rng.standard_normal((*front, int(groups.max()) + 1))[..., groups]
    of_clip = rng.standard_normal((*front, len(groups)))
    return np.asarray(math.sqrt(within) * of_group + math.sqrt(1 - within) * of_clip)


def seed_variance(rng: np.random.Generator, world: World) -> float:
    """Variance of one run's part of the error, which differs from run to run."""
    return world.by_seed * max(0.0, 1 + world.uneven * rng.standard_normal())
