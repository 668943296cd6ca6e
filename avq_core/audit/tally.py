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
    sums = _Sums(len(samples), stream.dim, reference)
    gaps = _Gaps(len(samples), longest, stream.dim)
    for row, sample in enumerate(samples):
        if sample is None:
            continue
        values = np.atleast_2d(sample)
        inside = limits.hold(values)
        if inside.all():
            sums.add(row, values, None)
        else:
            gaps.add(row, values, inside)
            sums.add(row, values, inside)
    return Tally(
        split=name, stream=stream, num_frames=longest,
        present=np.array([sample is not None for sample in samples]), nan=gaps.nan,
        infinite=int(gaps.by_sample.sum()) - gaps.nan, by_frame=gaps.by_frame,
        by_column=gaps.by_column, by_sample=gaps.by_sample, unobserved=gaps.unobserved,
        outliers=tuple(gaps.outliers), lowest=float(np.fmin(gaps.lowest, np.fmin.reduce(sums.low))),
        highest=float(np.fmax(gaps.highest, np.fmax.reduce(sums.high))), low=sums.low,
        high=sums.high, count=sums.count, reference=reference, total=sums.total,
        squares=sums.squares, means=sums.means, spreads=sums.spreads,
    )  # fmt: skip


class _Gaps:
    """Values that are missing or outside of the range, while samples are added."""

    def __init__(self, num: int, longest: int, dim: int) -> None:
        self.by_frame, self.by_column = np.zeros(longest, np.int64), np.zeros(dim, np.int64)
        self.by_sample = np.zeros(num, np.int64)
        self.outliers: list[Outlier] = []
        self.lowest = self.highest = np.nan
        self.nan = self.unobserved = 0

    def add(self, row: int, values: FloatArray, inside: npt.NDArray[np.bool_]) -> None:
        """Adds a sample of which not all values are inside the range."""
        finite = np.isfinite(values)
        gaps, outside = ~finite, finite & ~inside
        if outside.any():
            self.outliers.append(_outlier(row, values, outside))
            self.lowest = np.fmin(self.lowest, values[outside].min())
            self.highest = np.fmax(self.highest, values[outside].max())
        self.nan += int(np.isnan(values).sum())
        self.by_frame[: len(gaps)] += gaps.sum(axis=1)
        self.by_column += gaps.sum(axis=0)
        self.by_sample[row] = gaps.sum()
        self.unobserved += bool(gaps.all())


class _Sums:
    """Extremes and sums of the values inside the range, while samples are added."""

    def __init__(self, num: int, dim: int, reference: DoubleArray) -> None:
        self.reference = reference.astype(np.float32)
        self.low, self.high = np.full(dim, np.nan, np.float32), np.full(dim, np.nan, np.float32)
        self.count = np.zeros(dim, np.int64)
        self.total, self.squares = np.zeros(dim), np.zeros(dim)
        self.means = np.full((num, dim), np.nan, np.float32)
        self.spreads = np.full((num, dim), np.nan, np.float32)

    def add(self, row: int, values: FloatArray, inside: npt.NDArray[np.bool_] | None) -> None:
        """Adds a sample; `None` says that all of its values are inside."""
        over = values - self.reference
        seen = np.full(values.shape[1], len(values))
        if inside is not None:
            seen = inside.sum(axis=0)
            values, over = np.where(inside, values, np.nan), np.where(inside, over, 0)
        # fmin and fmax ignore NaN, unless all values are NaN.
        self.low = np.fmin(self.low, np.fmin.reduce(values, axis=0))
        self.high = np.fmax(self.high, np.fmax.reduce(values, axis=0))
        with np.errstate(over="ignore", invalid="ignore"):
            sums = over.sum(axis=0, dtype=np.float64)
            squared = np.einsum("td,td->d", over, over).astype(np.float64)
            mean = sums / np.maximum(seen, 1)
            self.means[row] = np.where(seen > 0, mean, np.nan)
            variance = np.maximum(squared / np.maximum(seen, 1) - mean**2, 0)
            self.spreads[row] = np.where(seen > 0, np.sqrt(variance), np.nan)
        self.count += seen
        self.total += sums
        self.squares += squared


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
