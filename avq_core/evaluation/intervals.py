"""Confidence intervals of metrics: a bootstrap over groups of clips, plus the spread over seeds.

Another test set would hold other speakers, and another training would start from another seed. The
first source of error is estimated by drawing groups with replacement (Davison & Hinkley, 1997,
section 3.8), the second from the spread of the runs, since five runs are too few to resample. The two
variances are added on a scale on which the metric is nearly normal, with the degrees of freedom of
Satterthwaite (1946). Of groups of uneven size their effective number counts, since a few large ones
decide the metric. `python -m benchmarks.honesty` measures how often such an interval covers the truth.

Shapes: N clips, S runs of a model that differ in their seeds, G groups, B draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.special
import scipy.stats

from avq_core.display.numbers import interval_text, json_number

FloatArray = npt.NDArray[np.floating]
DoubleArray = npt.NDArray[np.float64]

_DRAWS: Final = 1_000
_SEED: Final = 0
"""Seed of the draws, fixed so that the same scores always get the same interval."""
_TINY: Final = 1e-12
_MIN_GROUPS: Final = 5
"""With a lower effective number of groups their variance is only a guess, and no interval is given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A metric with its 95 % interval; the bounds are NaN where groups are too few or too uneven."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """The interval for JSON, with `None` for NaN."""
        values = {"value": self.value, "low": self.low, "high": self.high}
        return {name: json_number(value) for name, value in values.items()}

    def __str__(self) -> str:
        """As a table shows it: `0.310 [0.210, 0.410]`."""
        return interval_text(self.value, self.low, self.high)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """R² of one model minus that of another in one of several tasks."""

    interval: Interval
    """The difference with the 95 % interval of this task."""
    all_tasks: Interval
    """The same difference; its interval covers all tasks at once with 95 % (Bonferroni)."""

    def to_dict(self) -> dict[str, float | None]:
        """The difference for JSON, with `None` for NaN."""
        bounds = {"low_all": self.all_tasks.low, "high_all": self.all_tasks.high}
        return self.interval.to_dict() | {k: json_number(bound) for k, bound in bounds.items()}


@dataclass(frozen=True, slots=True)
class _Scale:
    """A transform to a scale on which a metric is nearly normal, and back."""

    to: Callable[[DoubleArray], DoubleArray]
    back: Callable[[DoubleArray], DoubleArray]
    slope: Callable[[float], float]
    """Absolute derivative of `to`."""


_Metric = Callable[[DoubleArray, DoubleArray, DoubleArray], DoubleArray]
"""Weights (B, N), truth (N,) and scores (N,) to one value a draw, (B,); NaN where not defined."""


def r2(weight: DoubleArray, truth: DoubleArray, scores: DoubleArray) -> DoubleArray:
    """`1 - SSE / SST`, each clip counted as often as it was drawn."""
    total = weight.sum(axis=1)
    spread = weight @ truth**2 - np.square(weight @ truth) / np.maximum(total, 1)
    error = weight @ np.square(truth - scores)
    return np.where(spread > _TINY, 1.0 - error / np.maximum(spread, _TINY), np.nan)


def pearson(weight: DoubleArray, truth: DoubleArray, scores: DoubleArray) -> DoubleArray:
    """Pearson correlation; NaN where truth or scores do not vary."""
    total = np.maximum(weight.sum(axis=1), 1)
    means = [weight @ values / total for values in (truth, scores)]
    shared = weight @ (truth * scores) / total - means[0] * means[1]
    spreads = [
        weight @ values**2 / total - mean**2
        for values, mean in zip((truth, scores), means, strict=True)
    ]
    product = spreads[0] * spreads[1]
    usable = (spreads[0] > _TINY) & (spreads[1] > _TINY)
    r: DoubleArray = np.where(usable, shared / np.sqrt(np.where(usable, product, 1.0)), np.nan)
    return r


def spearman(weight: DoubleArray, truth: DoubleArray, scores: DoubleArray) -> DoubleArray:
    """Spearman correlation: Pearson of the ranks, which are computed once on the whole split."""
    ranks = [scipy.stats.rankdata(values) / len(values) for values in (truth, scores)]
    return pearson(weight, ranks[0], ranks[1])


def mean_absolute_error(
    weight: DoubleArray, truth: DoubleArray, scores: DoubleArray
) -> DoubleArray:
    """Mean absolute error, in the units of truth and scores."""
    error: DoubleArray = weight @ np.abs(truth - scores) / np.maximum(weight.sum(axis=1), 1)
    return error


def _log(values: DoubleArray) -> DoubleArray:
    return np.log(np.maximum(values, _TINY))


_UNEXPLAINED: Final = _Scale(
    lambda x: _log(1 - x), lambda z: 1 - np.exp(z), lambda x: 1 / max(1 - x, _TINY)
)
_FISHER: Final = _Scale(
    lambda x: np.arctanh(np.clip(x, -1 + 1e-9, 1 - 1e-9)),
    np.tanh,
    lambda x: 1 / max(1 - x**2, 1e-9),
)
_LOG: Final = _Scale(_log, np.exp, lambda x: 1 / max(x, _TINY))
_IDENTITY: Final = _Scale(lambda x: x, lambda z: z, lambda _: 1.0)
SCALES: Final[dict[_Metric, _Scale]] = {
    r2: _UNEXPLAINED,
    pearson: _FISHER,
    spearman: _FISHER,
    mean_absolute_error: _LOG,
}


def effective_number(sizes: npt.NDArray[np.integer]) -> float:
    """The number of groups of one size that would say as much as these: `n² / Σ sizes²` (Kish, 1965).

    Args:
        sizes: (G,), clips of each group.

    Returns:
        0 where there is no clip.
    """
    squares = np.square(sizes, dtype=float).sum()
    return float(np.square(sizes.sum(dtype=float)) / squares) if squares else 0.0


class Draws:
    """One task's valid labels and the bootstrap draws of its groups, the same for all models."""

    def __init__(self, targets: FloatArray, groups: Sequence[str]) -> None:
        """Draws groups with replacement.

        Args:
            targets: (N,), NaN where missing.
            groups: N group names; all clips of a group are drawn together, since clips of one
                recording are not independent.
        """
        self.valid = np.isfinite(targets)
        self.truth = targets[self.valid].astype(np.float64)
        names, codes = np.unique(np.asarray(groups, dtype=str)[self.valid], return_inverse=True)
        self.effective_groups = effective_number(np.bincount(codes))
        self.whole = np.ones((1, len(self.truth)))
        rng = np.random.default_rng(_SEED)
        if len(names) > 1:
            even = np.full(len(names), 1 / len(names))
            drawn = rng.multinomial(len(names), even, size=_DRAWS)
            self.weight = drawn[:, codes].astype(np.float64)

    def interval(self, metric: _Metric, runs: Sequence[FloatArray]) -> Interval:
        """The mean of a metric over a model's runs, with its 95 % interval.

        Args:
            metric: A key of `SCALES`.
            runs: S times (N,).
        """
        return self._combined([self._drawn(metric, run) for run in runs], SCALES[metric])

    def difference(
        self,
        first: Sequence[FloatArray],
        second: Sequence[FloatArray],
        *,
        confidence: float = 0.95,
    ) -> Interval:
        """Mean R² of one model's runs minus that of another's, paired by clip and by run.

        Args:
            first: S times (N,).
            second: S runs too, or a single one of a model that has no seeds.
            confidence: In (0, 1).
        """
        others = [self._drawn(r2, run) for run in second]
        pairs = zip(
            [self._drawn(r2, run) for run in first],
            others if len(others) > 1 else others * len(first),
            strict=True,
        )
        gaps = [(one[0] - other[0], one[1] - other[1]) for one, other in pairs]
        return self._combined(gaps, _IDENTITY, confidence=confidence)

    def _drawn(self, metric: _Metric, run: FloatArray) -> tuple[float, DoubleArray]:
        """The metric of one run (N,) on all clips, and in every draw (B,)."""
        scores = run[self.valid].astype(np.float64)
        if len(scores) < 2:
            return float("nan"), np.empty(0)
        point = float(metric(self.whole, self.truth, scores)[0])
        drawn = (
            metric(self.weight, self.truth, scores) if self.effective_groups > 1 else np.empty(0)
        )
        return point, drawn

    def _combined(
        self,
        runs: Sequence[tuple[float, DoubleArray]],
        scale: _Scale,
        *,
        confidence: float = 0.95,
    ) -> Interval:
        """The interval from both sources of error: which clips there are, and which seeds."""
        points = np.array([point for point, _ in runs])
        value, num = float(points.mean()), len(points)
        drawn = np.stack([draw for _, draw in runs])
        drawn = drawn[:, np.isfinite(drawn).all(axis=0)]
        if not np.isfinite(value) or drawn.shape[1] < 2 or self.effective_groups < _MIN_GROUPS:
            return Interval(value=value, low=float("nan"), high=float("nan"))
        # The variance of draws of G groups is too small by the factor (G - 1) / G.
        bessel = self.effective_groups / (self.effective_groups - 1)
        by_clips = bessel * float(np.var(scale.to(drawn.mean(axis=0))))
        by_seeds = 0.0
        if num > 1:
            # Part of the difference between runs is chance on these clips, which the draws contain.
            chance = float(np.var(drawn - drawn.mean(axis=0), axis=1).sum()) / (num - 1)
            between = max(0.0, float(np.var(points, ddof=1)) - chance)
            by_seeds = between / num * scale.slope(value) ** 2
        variance = by_clips + by_seeds
        # Satterthwaite's, for two variances that are estimated from the groups and from S runs.
        spread = by_clips**2 / (self.effective_groups - 1) + by_seeds**2 / max(num - 1, 1)
        freedom = variance**2 / spread if spread > 0 else 1.0
        half = scipy.special.stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(variance)
        ends = scale.back(scale.to(np.array([value])) + np.array([-half, half]))
        return Interval(value=value, low=float(ends.min()), high=float(ends.max()))
