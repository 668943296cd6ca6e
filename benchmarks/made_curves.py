"""Files of made-up learning curves that are hard on a pruning rule, each in its own way.

    python -m benchmarks.made_curves slow slow.npz
    python -m benchmarks.pruners --curves slow.npz

Real curves of one kind do not show how a rule fails on others. Every family has the layout of
`learning_curves.npz`: four tasks of the same configurations, whose quality on two tasks is alike but
not equal. One in twenty configurations diverges. Losses fall from 1; the best end near 0.

Shapes: K tasks, N configurations, P points.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.cli import CommandParser, run_command
from avq_core.errors import ConfigError
from avq_core.files import whole_binary_file

FloatArray = npt.NDArray[np.float64]
_TASKS: Final = 4
_DIVERGING: Final = 0.05


def even(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """Power laws of like speed under little noise: who is ahead stays ahead, an easy case."""
    speed = rng.uniform(0.8, 1.2, (1, quality.shape[1], 1))
    return _power_law(quality, speed, points) + rng.normal(0, 0.005, (*quality.shape, points))


def crossing(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """Power laws of very different speed, whatever the quality: curves cross late."""
    speed = np.exp(rng.uniform(np.log(0.15), np.log(2), (1, quality.shape[1], 1)))
    return _power_law(quality, speed, points) + rng.normal(0, 0.005, (*quality.shape, points))


def noisy(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """As `even`, with noise of a tenth of the whole range, in the last point as well."""
    speed = rng.uniform(0.8, 1.2, (1, quality.shape[1], 1))
    return _power_law(quality, speed, points) + rng.normal(0, 0.1, (*quality.shape, points))


def slow(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """Low rates: the better a configuration ends, the longer it lies flat before it falls."""
    mean = quality.mean(axis=0, keepdims=True)[..., None]
    wait = (0.02 + 0.18 * mean) * points * rng.uniform(0.6, 1.4, mean.shape)
    time = np.arange(points) - wait
    fallen = 1 / (1 + np.exp(-time / (0.06 * points)))
    return 1 - quality[..., None] * fallen + rng.normal(0, 0.005, (*quality.shape, points))


def trade_off(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """What is good on one task is bad on the next: most trials are on a front or near one."""
    against = quality.copy()
    against[1::2] = 1 - quality[::2] + rng.normal(0, 0.15, quality[::2].shape)
    return even(rng, against.clip(0, 1), points)


def restarts(rng: np.random.Generator, quality: FloatArray, points: int) -> FloatArray:
    """As `even`, under cosine cycles of 3, 6, 12 ...: within a cycle losses tell the rate's phase."""
    phase = np.zeros(points)
    start, length = 0, 3
    while start < points - 1:
        epochs = np.arange(start + 1, min(start + length, points - 1) + 1)
        phase[epochs] = (1 + np.cos(np.pi * (epochs - start) / length)) / 2
        start, length = start + length, 2 * length
    rate = rng.uniform(0, 0.6, (1, quality.shape[1], 1))
    return even(rng, quality, points) + rate * phase


FAMILIES: Final[dict[str, Callable[[np.random.Generator, FloatArray, int], FloatArray]]] = {
    family.__name__.replace("_", "-"): family
    for family in (even, crossing, noisy, slow, trade_off, restarts)
}


def _power_law(quality: FloatArray, speed: FloatArray, points: int) -> FloatArray:
    return 1 - quality[..., None] * (1 - (1.0 + np.arange(points)) ** -speed)


def make(family: str, *, configs: int, epochs: int, seed: int) -> FloatArray:
    """Losses (K, N, P) of a family; point 0 stands before training.

    Args:
        family: A name of `FAMILIES`.
        configs: N.
        epochs: P - 1.
        seed: The same gives the same curves.
    """
    rng = np.random.default_rng(seed)
    # Few are good: as in a search, where most of a space is of little use.
    common = rng.beta(1.5, 3, configs)
    quality = np.clip(common + rng.normal(0, 0.08, (_TASKS, configs)), 0, 1)
    losses = FAMILIES[family](rng, quality, epochs + 1)
    for config in np.flatnonzero(rng.random(configs) < _DIVERGING):
        losses[:, config, rng.integers(1, epochs + 1) :] = np.nan
    return losses


def main(argv: Sequence[str]) -> int:
    """Writes a file."""
    parser = CommandParser(
        prog="python -m benchmarks.made_curves",
        description="Writes made-up learning curves for benchmarks.pruners.",
        epilog=" ".join(f"{name}: {family.__doc__}" for name, family in FAMILIES.items()),
    )
    parser.add_argument("family", choices=list(FAMILIES))
    parser.add_argument("out", type=Path, metavar="FILE", help="the .npz to write")
    parser.add_argument("--configs", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=45, help="default: cycles of 3, 6, 12, 24")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    for name, least in (("configs", 2), ("epochs", 2), ("seed", 0)):
        if (value := getattr(options, name)) < least:
            raise ConfigError(f"--{name} is {value}, expected at least {least}")
    losses = make(options.family, configs=options.configs, epochs=options.epochs, seed=options.seed)
    with whole_binary_file(options.out) as file:
        np.savez_compressed(file, valid_loss=losses.astype(np.float32))
    print(f"{options.out}: {losses.shape} losses of the family {options.family}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
