"""Files of learning curves: many configurations, each trained on several tasks."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from avq_core.config.optim import OptimConfig
from avq_core.data.files import npz as npz_file
from avq_core.errors import ConfigError, DataError
from avq_core.training.schedule import cycle_ends
from benchmarks.pruners.trials import FloatArray, Trials
from studies.score import Watch

_LAYOUT: Final = "valid_loss (tasks, configurations, points) and optionally tasks (names)"
Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """The same configurations trained on each task."""

    tasks: tuple[str, ...]
    metrics: FloatArray
    """(tasks, configurations, epochs): the negative of the loss, so that higher is better."""

    @property
    def num_epochs(self) -> int:
        """Of every curve."""
        return int(self.metrics.shape[2])


def read_curves(path: Path) -> Curves:
    """Reads a `.npz` in the layout of `learning_curves.npz`.

    `valid_loss` is (tasks, configurations, points): losses, point 0 before training, which is ignored,
    and point e after epoch e. A value that is not finite means that the run diverged.

    Raises:
        DataError: There is no such file, or it is of another layout.
    """
    try:
        arrays = npz_file.read(path)
    except OSError as error:
        message = f"cannot read {path} ({error.strerror or error}); give an .npz of learning curves"
        raise DataError(message) from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    if "valid_loss" not in arrays:
        names = ", ".join(sorted(arrays)) or "nothing"
        raise DataError(f"{path} holds {names[:80]}, expected {_LAYOUT}; add the losses")
    losses = arrays["valid_loss"]
    if losses.ndim != 3 or losses.dtype.kind not in "fiu":
        raise DataError(
            f"valid_loss in {path} has shape {losses.shape} of {losses.dtype}, expected numbers as "
            "(tasks, configurations, points); stack the tasks' curves"
        )
    if losses.shape[0] < 1 or losses.shape[1] < 2 or losses.shape[2] < 3:
        raise DataError(
            f"valid_loss in {path} has shape {losses.shape}, expected at least 1 task, 2 "
            "configurations and 3 points: one before training and 2 epochs; give longer curves"
        )
    metrics = -losses[:, :, 1:].astype(np.float64)
    return Curves(tasks=_names(arrays, len(losses), path), metrics=metrics)


def _names(arrays: dict[str, np.ndarray], num: int, path: Path) -> tuple[str, ...]:
    if "tasks" not in arrays:
        return tuple(f"task {number}" for number in range(num))
    names = tuple(map(str, arrays["tasks"].ravel()))
    if len(names) != num or len(set(names)) != num:
        raise DataError(
            f"{path} names {len(set(names))} tasks, expected {num} different names, one for each task "
            "in valid_loss; correct `tasks` or leave it out"
        )
    return names


def parse_pairs(texts: Sequence[str], tasks: Sequence[str]) -> list[Pair]:
    """The pairs that a user asked for: `all`, or `A,B` by name or by number from 0.

    A file of one task gives one pair: the task is both metrics.

    Raises:
        ConfigError: No such task.
    """
    if list(texts) == ["all"]:
        return list(itertools.combinations(range(len(tasks)), 2)) or [(0, 0)]
    return [_parse_pair(text, tasks) for text in texts]


def _parse_pair(text: str, tasks: Sequence[str]) -> Pair:
    index = {name: i for i, name in enumerate(tasks)} | {str(i): i for i in range(len(tasks))}
    parts = text.split(",")
    if len(parts) != 2 or not set(parts) <= set(index):
        raise ConfigError(
            f"--pairs holds {text!r}, expected all or A,B with A and B of 0 to {len(tasks) - 1} or "
            f"of {', '.join(tasks)[:200]}"
        )
    return index[parts[0]], index[parts[1]]


def pair_trials(curves: Curves, pairs: Sequence[Pair], rungs: Sequence[int]) -> Iterator[Trials]:
    """Every configuration of the file as a trial, for each pair of tasks as the two watched metrics.

    Args:
        curves: T tasks of the same configurations.
        pairs: The tasks that stand for cross-modal and overall.
        rungs: The judged epochs of every trial.

    Raises:
        DataError: A pair of which no configuration is finite to its end.
    """
    count = curves.metrics.shape[1]
    for first, second in pairs:
        name = f"{curves.tasks[first]} + {curves.tasks[second]}"
        trials = Trials.make(
            name=name,
            metrics=np.stack([curves.metrics[first], curves.metrics[second]], axis=2),
            lengths=np.full(count, curves.num_epochs),
            rungs=[rungs] * count,
            watch=Watch(cross_modal=curves.tasks[first], overall=curves.tasks[second]),
        )
        if not trials.finishes.any():
            raise DataError(
                f"no configuration of {name} is finite to its last epoch, so none can be the best; "
                "leave the pair out with --pairs"
            )
        yield trials


def rungs_of(cycle: int | None, mult: int, epochs: int) -> list[int]:
    """The epochs before the last one at which a cosine cycle ends: the rungs of the rule.

    Args:
        cycle: Length of the first cycle; `None` is a fifteenth of the curve, the ratio in the space
            `extended-small` (2 of 30 epochs).
        mult: Each cycle is this many times as long as the one before.
        epochs: Length of the curves.

    Raises:
        ConfigError: No cycle ends before the last epoch.
    """
    first = max(1, round(epochs / 15)) if cycle is None else cycle
    ends = cycle_ends(OptimConfig(cycle_epochs=first, cycle_mult=mult), epochs - 1)
    if not ends:
        raise ConfigError(
            f"--cycle is {first}, but the curves have {epochs} epochs, expected at most {epochs - 1}"
        )
    return ends
