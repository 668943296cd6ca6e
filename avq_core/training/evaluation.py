"""The figures of finished models on a split that they have not seen.

Shapes: N samples, K tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avq_core.data.splits import PreparedSplit
from avq_core.training.metrics import bootstrap_r2, num_labels

_DRAWS = 0
"""Seed of the bootstrap: the same scores get the same interval, wherever they are judged."""
IntervalDict = dict[str, float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """R² with 95 % bootstrap intervals, as JSON takes it (`value`, `low`, `high`)."""

    r2: list[dict[str, IntervalDict]]
    """A model each: task to interval."""
    difference: dict[str, IntervalDict]
    """Task to the paired difference, first model minus second; empty for one model."""
    num_labels: dict[str, int]
    """Valid labels by task."""


def evaluate(
    scores: Sequence[npt.NDArray[np.float32]],
    split: PreparedSplit,
    tasks: Sequence[str],
) -> Evaluation:
    """Compares models on one split; R² is the same in scaled and in the user's units.

    Args:
        scores: One (N, K) a model, in the targets' scaled units. An empty one is a model that
            diverged: its figures are `None`.
        split: With the targets and the groups.
        tasks: Names of the K columns.
    """
    filled = [
        model if len(model) else np.full(split.targets.shape, np.nan, np.float32)
        for model in scores
    ]
    r2: list[dict[str, IntervalDict]] = [{} for _ in filled]
    difference: dict[str, IntervalDict] = {}
    for k, task in enumerate(tasks):
        columns = [model[:, k] for model in filled]
        intervals, gap = bootstrap_r2(columns, split.targets[:, k], split.groups, seed=_DRAWS)
        for entry, interval in zip(r2, intervals, strict=True):
            entry[task] = interval.to_dict()
        if gap is not None:
            difference[task] = gap.to_dict()
    counts = num_labels(split.targets, tasks)
    return Evaluation(r2=r2, difference=difference, num_labels=counts)
