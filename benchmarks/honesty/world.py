"""Simulated clips, and the scores that models give them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

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
)


def grouped(rng: np.random.Generator, shape: Sequence[int], within: float) -> Array:
    """Standard normal values whose last axis is clips, correlated inside groups.

    Args:
        rng: The source of the values.
        shape: Of the result.
        within: Correlation inside a group, in [0, 1).
    """
    *front, clips = shape
    groups = rng.standard_normal((*front, math.ceil(clips / GROUP_SIZE)))
    of_group = np.repeat(groups, GROUP_SIZE, axis=-1)[..., :clips]
    of_clip = rng.standard_normal((*front, clips))
    return math.sqrt(within) * of_group + math.sqrt(1 - within) * of_clip


def group_names(clips: int) -> list[str]:
    """The group of each of so many clips."""
    return [str(clip // GROUP_SIZE) for clip in range(clips)]


def seed_variance(rng: np.random.Generator, world: World) -> float:
    """Variance of one run's part of the error, which differs from run to run."""
    return world.by_seed * max(0.0, 1 + world.uneven * rng.standard_normal())
