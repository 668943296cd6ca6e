"""One pass over a stream's values: missing values, ranges, each sample's mean and deviation.

Shapes: N samples, T frames, D columns of a stream.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.audit.report import Missing, Outlier, Places
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.columns import DoubleArray
from avq_core.data.preprocessing.value_range import FloatArray, ValueRange
from avq_core.data.schema import Stream

_MAX_BINS: Final = 200
_MAX_PLACES: Final = 10
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tally:
    """Counts and sums of one stream in one split."""

    split: str
    stream: Stream
    num_frames: int
    """T of the longest sample."""
    present: npt.NDArray[np.bool_]
    """(N,) True where a sample has the stream."""
    nan: int
    infinite: int
    by_frame: Counts
    """(T,) missing values by frame; (1,) for a clip-level stream."""
    by_column: Counts
    """(D,) missing values by column."""
    by_sample: Counts
    """(N,) missing values by sample."""
    unobserved: int
    """Samples that have the stream without a single finite value."""
    outliers: tuple[Outlier, ...]
    """Samples with finite values outside the range; those values count nowhere below."""
    lowest: float
    """Of all finite values; NaN where there is none."""
    highest: float
    low: FloatArray
    """(D,) lowest value inside the range; NaN where there is none."""
    high: FloatArray
    count: Counts
    """(D,) values inside the range."""
    reference: DoubleArray
    """(D,) a value near the middle of each column, subtracted before summing for precision."""
    total: DoubleArray
    """(D,) sum of those values minus the reference."""
    squares: DoubleArray
    """(D,) sum of the squares of those values minus the reference."""
    means: FloatArray
    """(N, D) mean over a sample's frames inside the range, minus the reference; NaN where there are none."""
    spreads: FloatArray
    """(N, D) standard deviation over the same frames; NaN where there are none."""

    def missing(self) -> Missing | None:
        """Where NaN and infinite values are; `None` if there are none."""
        if not self.nan + self.infinite:
            return None
        return Missing(
            by_frame=_binned(self.by_frame),
            by_column=_binned(self.by_column),
            columns=_largest(self.by_column),
            frames=_largest(self.by_frame),
            samples=_largest(self.by_sample),
            half_columns=_half(self.by_column),
            half_frames=_half(self.by_frame),
            half_samples=_half(self.by_sample),
        )


def tally(
    split: RawSplit, name: str, stream: Stream, *, reference: DoubleArray, limits: ValueRange
) -> Tally:
    """Counts the values of one stream in one split.

    Args:
        split: The raw split.
        name: The split's name.
        stream: The stream, of the raw schema.
        reference: (D,) a value near the middle of each column, the same for all splits.
        limits: The range of the train clips.
    """
    samples = split.features[stream.name]
    longest = max((len(s) for s in samples if s is not None and stream.temporal), default=1)
    num, dim = len(samples), stream.dim
    by_frame, by_column = np.zeros(longest, np.int64), np.zeros(dim, np.int64)
    by_sample, count = np.zeros(num, np.int64), np.zeros(dim, np.int64)
    low, high = np.full(dim, np.nan, np.float32), np.full(dim, np.nan, np.float32)
    total, squares = np.zeros(dim), np.zeros(dim)
    means = np.full((num, dim), np.nan, np.float32)
    spreads = np.full((num, dim), np.nan, np.float32)
    outliers: list[Outlier] = []
    lowest = highest = np.nan
    nan = unobserved = 0
    for row, sample in enumerate(samples):
        if sample is None:
            continue
        values = np.atleast_2d(sample)
        inside = limits.hold(values)
        whole = bool(inside.all())
        if not whole:
            finite = np.isfinite(values)
            gaps, outside = ~finite, finite & ~inside
            if outside.any():
                outliers.append(_outlier(row, values, outside))
                lowest = np.fmin(lowest, values[outside].min())
                highest = np.fmax(highest, values[outside].max())
            nan += int(np.isnan(values).sum())
            by_frame[: len(gaps)] += gaps.sum(axis=1)
            by_column += gaps.sum(axis=0)
            by_sample[row] = gaps.sum()
            unobserved += bool(gaps.all())
        seen = np.full(dim, len(values)) if whole else inside.sum(axis=0)
        over = values - reference.astype(np.float32)
        if not whole:
            values, over = np.where(inside, values, np.nan), np.where(inside, over, 0)
        # fmin and fmax ignore NaN, unless all values are NaN.
        low = np.fmin(low, np.fmin.reduce(values, axis=0))
        high = np.fmax(high, np.fmax.reduce(values, axis=0))
        with np.errstate(over="ignore", invalid="ignore"):
            sums = over.sum(axis=0, dtype=np.float64)
            squared = np.einsum("td,td->d", over, over).astype(np.float64)
            mean = sums / np.maximum(seen, 1)
            means[row] = np.where(seen > 0, mean, np.nan)
            variance = np.maximum(squared / np.maximum(seen, 1) - mean**2, 0)
            spreads[row] = np.where(seen > 0, np.sqrt(variance), np.nan)
        count += seen
        total += sums
        squares += squared
    present = np.array([sample is not None for sample in samples])
    return Tally(
        split=name, stream=stream, num_frames=longest, present=present, nan=nan,
        infinite=int(by_sample.sum()) - nan, by_frame=by_frame, by_column=by_column,
        by_sample=by_sample, unobserved=unobserved, outliers=tuple(outliers),
        lowest=float(np.fmin(lowest, np.fmin.reduce(low))),
        highest=float(np.fmax(highest, np.fmax.reduce(high))), low=low, high=high, count=count,
        reference=reference, total=total, squares=squares, means=means, spreads=spreads,
    )  # fmt: skip


def _outlier(row: int, values: FloatArray, outside: npt.NDArray[np.bool_]) -> Outlier:
    columns = np.flatnonzero(outside.any(axis=0))
    farthest = values[outside]
    return Outlier(
        sample=row,
        values=int(outside.sum()),
        columns=tuple(int(column) for column in columns[:5]),
        farthest=float(farthest[np.abs(farthest).argmax()]),
    )


def reference_of(split: RawSplit, stream: Stream, limits: ValueRange) -> DoubleArray:
    """(D,) each column's mean in the first sample that has the stream; 0 without values."""
    first = next((s for s in split.features[stream.name] if s is not None), None)
    if first is None:
        return np.zeros(stream.dim)
    values = np.atleast_2d(first).astype(np.float64)
    inside = limits.hold(values)
    seen = np.maximum(inside.sum(axis=0), 1)
    return np.asarray(np.where(inside, values, 0).sum(axis=0) / seen)


def _binned(counts: Counts) -> tuple[int, ...]:
    parts = np.array_split(counts, min(len(counts), _MAX_BINS))
    return tuple(int(part.sum()) for part in parts)


def _largest(counts: Counts) -> Places:
    order = np.argsort(-counts, kind="stable")[:_MAX_PLACES]
    return tuple((int(i), int(counts[i])) for i in order if counts[i])


def _half(counts: Counts) -> float:
    """Smallest share of the places that contains half of all counts."""
    cumulative = np.cumsum(np.sort(counts)[::-1])
    return float((np.searchsorted(cumulative, cumulative[-1] / 2) + 1) / len(counts))
