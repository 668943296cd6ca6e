"""The figures of finished models on a split that they have not seen.

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
from avq_core.evaluation.intervals import Draws
from avq_core.training.metrics import num_labels

Scores = npt.NDArray[np.float32]
IntervalDict = dict[str, float | None]
Figures = dict[str, dict[str, IntervalDict]]
"""Metric to task to interval; metrics are keys of `METRICS`."""

METRICS: Final = {
    "r2": intervals.r2,
    "spearman": intervals.spearman,
    "pearson": intervals.pearson,
    "mae": intervals.mean_absolute_error,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """R² with 95 % intervals, as JSON takes it (`value`, `low`, `high`)."""

    r2: list[dict[str, IntervalDict]]
    """A model each: task to interval."""
    num_labels: dict[str, int]
    """Valid labels by task."""


def evaluate(scores: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str]) -> Evaluation:
    """Judges single models on one split; R² is the same in scaled and in the user's units.

    Args:
        scores: One (N, K) a model, in the targets' scaled units. An empty one is a model that
            diverged: its figures are `None`.
        split: With the targets and the groups.
        tasks: Names of the K columns.
    """
    found: list[dict[str, IntervalDict]] = [{} for _ in scores]
    for task, (draws, columns) in _by_task([[run] for run in scores], split, tasks).items():
        for entry, runs in zip(found, columns, strict=True):
            entry[task] = draws.figure(intervals.r2, runs).to_dict()
    return Evaluation(r2=found, num_labels=num_labels(split.targets, tasks))


def figures(
    runs: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str], labels: LabelScaling
) -> Figures:
    """R², rank and linear correlation and mean absolute error of a model, its runs' mean each.

    Args:
        runs: S times (N, K), in the targets' scaled units; an empty one diverged, and makes every
            figure `None`.
        split: With the targets and the groups.
        tasks: Names of the K columns.
        labels: What turns the error into the user's units.
    """
    found: Figures = {metric: {} for metric in METRICS}
    for k, (task, (draws, columns)) in enumerate(_by_task([runs], split, tasks).items()):
        for name, metric in METRICS.items():
            interval = draws.figure(metric, columns[0]).to_dict()
            if name == "mae":
                width = float(labels.width[k])
                interval = {
                    end: None if value is None else value * width for end, value in interval.items()
                }
            found[name][task] = interval
    return found


def differences(
    first: Sequence[Scores], second: Sequence[Scores], split: PreparedSplit, tasks: Sequence[str]
) -> dict[str, IntervalDict]:
    """R² of one model less that of another by task, paired.

    Args:
        first: S times (N, K).
        second: As many runs, or one of what has no seeds.
        split: With the targets and the groups.
        tasks: Names of the K columns.

    Returns:
        Task to `value`, `low` and `high` (95 % for that task) and `low_all` and `high_all` (which
        hold for all tasks at once with 95 %, by Bonferroni's inequality).
    """
    found: dict[str, IntervalDict] = {}
    for task, (draws, columns) in _by_task([first, second], split, tasks).items():
        one = draws.difference(*columns)
        wide = draws.difference(*columns, confidence=1 - 0.05 / len(tasks)).to_dict()
        found[task] = one.to_dict() | {"low_all": wide["low"], "high_all": wide["high"]}
    return found


def _by_task(
    models: Sequence[Sequence[Scores]], split: PreparedSplit, tasks: Sequence[str]
) -> dict[str, tuple[Draws, list[list[Scores]]]]:
    """Of each task the draws and, a model each, its column of every run."""
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
