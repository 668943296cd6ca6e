"""R² over a split's valid labels, and its bootstrap interval.

Shapes: N samples, K tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Valid labels of each column of (N, K), by task."""
    counts = np.isfinite(targets).sum(axis=0)
    return {task: int(count) for task, count in zip(tasks, counts, strict=True)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """As JSON takes it: `None` for NaN."""
        values = {"value": self.value, "low": self.low, "high": self.high}
        return {name: value if np.isfinite(value) else None for name, value in values.items()}

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_r2(
    scores: Sequence[FloatArray],
    targets: FloatArray,
    groups: Sequence[str],
    *,
    seed: int,
    num_resamples: int = 2_000,
) -> tuple[list[Interval], Interval | None]:
    """R² of one task for each of several models, and the paired difference of the first two.

    Groups (speakers, clips) are drawn with replacement, not samples: windows of one clip are
    no independent evidence. The same draws serve every model, so the difference is paired.

    Args:
        scores: One (N,) a model.
        targets: (N,), NaN where missing.
        groups: N group names.
        seed: Of the draws.
        num_resamples: Draws.

    Returns:
        An interval a model; the difference, first minus second, where there are two or more.
    """
    valid = np.isfinite(targets)
    truth = targets[valid].astype(np.float64)
    points = [r2_score(model, targets) for model in scores]
    _, codes = np.unique(np.asarray(groups, dtype=str)[valid], return_inverse=True)
    num_groups = int(codes.max()) + 1 if len(codes) else 0
    if num_groups < 2:
        nan = float("nan")
        alone = [Interval(value=point, low=nan, high=nan) for point in points]
        gap = Interval(value=points[0] - points[1], low=nan, high=nan) if len(points) > 1 else None
        return alone, gap
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(num_groups, np.full(num_groups, 1 / num_groups), size=num_resamples)
    weight = drawn[:, codes].astype(np.float64)  # (resamples, valid labels)
    total = weight.sum(axis=1)
    mean = weight @ truth / np.maximum(total, 1)
    spread = weight @ truth**2 - total * mean**2
    usable = spread > 1e-12
    draws = [
        1.0 - weight[usable] @ np.square(truth - model[valid].astype(np.float64)) / spread[usable]
        for model in scores
    ]
    intervals = [_interval(point, draw) for point, draw in zip(points, draws, strict=True)]
    if len(scores) < 2:
        return intervals, None
    return intervals, _interval(points[0] - points[1], draws[0] - draws[1])


def _interval(point: float, draws: npt.NDArray[np.float64]) -> Interval:
    if len(draws) == 0:
        return Interval(value=point, low=float("nan"), high=float("nan"))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(value=point, low=float(low), high=float(high))
