"""R² over the valid labels of a split.

Shapes: N samples, K tasks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]


def r2_score(scores: FloatArray, targets: FloatArray) -> float:
    """`1 - SSE / SST` over the valid labels of the whole split, never a mean over batches.

    Args:
        scores: (N,).
        targets: (N,), NaN where missing.

    Returns:
        R², at most 1; NaN with fewer than two valid labels or labels without variance.
    """
    valid = np.isfinite(targets)
    truth = targets[valid].astype(np.float64)
    if len(truth) < 2 or np.ptp(truth) == 0:
        return float("nan")
    error = np.square(truth - scores[valid].astype(np.float64)).sum()
    return float(1.0 - error / np.square(truth - truth.mean()).sum())


def r2_by_task(scores: FloatArray, targets: FloatArray, tasks: Sequence[str]) -> dict[str, float]:
    """`r2_score` of each column of (N, K), by task."""
    return {task: r2_score(scores[:, k], targets[:, k]) for k, task in enumerate(tasks)}


def num_labels(targets: FloatArray, tasks: Sequence[str]) -> dict[str, int]:
    """Number of valid labels in each column of (N, K), by task."""
    counts = np.isfinite(targets).sum(axis=0)
    return {task: int(count) for task, count in zip(tasks, counts, strict=True)}
