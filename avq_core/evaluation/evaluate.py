"""Metrics of trained models, with intervals, on a split that they were not trained on.

Shapes: N samples, K tasks, S runs of a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.data.preprocessing.labels import LabelScaling
from avq_core.data.preprocessing.splits import PreparedSplit
from avq_core.evaluation import intervals
from avq_core.evaluation.intervals import Difference, Draws, Interval
from avq_core.training.metrics import num_labels

Scores = npt.NDArray[np.float32]
MetricIntervals = dict[str, dict[str, Interval]]
"""Metric, a key of `METRICS`, to task to interval."""

METRICS: Final = {
    "r2": intervals.r2,
    "spearman": intervals.spearman,
    "pearson": intervals.pearson,
    "mae": intervals.mean_absolute_error,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """R² of several models with 95 % intervals."""

    r2: list[dict[str, Interval]]
    """One entry a model: task to interval."""
    num_labels: dict[str, int]
    """Number of valid labels by task."""


def evaluate(scores: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str]) -> Evaluation:
    """Computes R² of several models, each trained once, on one split.

    R² is the same in the scaled and in the user's units.

    Args:
        scores: One (N, K) a model, in the scaled units of the targets. An empty array stands for a
            model that diverged: its R² is NaN.
        split: The split, with its targets and groups.
        tasks: Names of the K columns.
    """
    r2: list[dict[str, Interval]] = [{} for _ in scores]
    for task, (draws, columns) in _by_task([[run] for run in scores], split, tasks).items():
        for entry, runs in zip(r2, columns, strict=True):
            entry[task] = draws.interval(intervals.r2, runs)
    return Evaluation(r2=r2, num_labels=num_labels(split.targets, tasks))


def metric_intervals(
    runs: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str], labels: LabelScaling
) -> MetricIntervals:
    """Computes every metric of one model, as the mean over its runs.

    Args:
        runs: S times (N, K), in the scaled units of the targets. An empty array stands for a run
            that diverged, and makes every metric NaN.
        split: The split, with its targets and groups.
        tasks: Names of the K columns.
        labels: Converts the mean absolute error to the user's units.
    """
    metrics: MetricIntervals = {metric: {} for metric in METRICS}
    for k, (task, (draws, columns)) in enumerate(_by_task([runs], split, tasks).items()):
        for name, metric in METRICS.items():
            interval = draws.interval(metric, columns[0])
            scale = float(labels.width[k]) if name == "mae" else 1.0
            metrics[name][task] = _scaled(interval, scale)
    return metrics


def differences(
    first: Sequence[Scores], second: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str]
) -> dict[str, Difference]:
    """R² of the first model minus R² of the second, by task; paired by clip and by run.

    Args:
        first: S times (N, K).
        second: S runs too, or a single one of a model that has no seeds.
        split: The split, with its targets and groups.
        tasks: Names of the K columns.
    """
    return {
        task: Difference(
            interval=draws.difference(*columns),
            all_tasks=draws.difference(*columns, confidence=1 - 0.05 / len(tasks)),
        )
        for task, (draws, columns) in _by_task([first, second], split, tasks).items()
    }


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(
        value=interval.value * factor, low=interval.low * factor, high=interval.high * factor
    )


def _by_task(
    models: Sequence[Sequence[Scores]], split: PreparedSplit, tasks: Sequence[str]
) -> dict[str, tuple[Draws, list[list[Scores]]]]:
    """Task to its bootstrap draws and, for each model, the task's scores (N,) of every run."""
    filled = [
        [run if len(run) else np.full(split.targets.shape, np.nan, np.float32) for run in runs]
        for runs in models
    ]
    return {
        task: (
            Draws(split.targets[:, k], split.groups),
            [[run[:, k] for run in runs] for runs in filled],
        )
        for k, task in enumerate(tasks)
    }
