"""Synthetic learning curves."""

import numpy as np


def synthetic_losses(rng: np.random.Generator, tasks: int, configs: int, points: int) -> np.ndarray:
    """Noisy power laws over (tasks, configs, points), one in ten of which diverges."""
    floor = rng.uniform(0.2, 1.0, (tasks, configs, 1))
    speed = rng.uniform(0.2, 1.5, (tasks, configs, 1))
    losses = floor + (1 - floor) * (1 + np.arange(points)) ** -speed
    losses += rng.normal(0, 0.01, losses.shape)
    for config in np.flatnonzero(rng.random(configs) < 0.1):
        bad = rng.choice([np.nan, np.inf])
        losses[rng.integers(tasks), config, rng.integers(1, points) :] = bad
    return losses
