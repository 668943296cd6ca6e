"""Statistics of a stream's columns, fitted without stacking the samples into one array.

Shapes: T frames, D columns.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.data.preprocessing.value_range import (
    BoolArray,
    FloatArray,
    ValueRange,
    clip_extremes,
    fit_value_range,
)

DoubleArray = npt.NDArray[np.float64]

_CHUNK: Final = 16
"""Columns that are copied together: 64 bytes of a row, one cache line."""
_THREADS: Final = 2
"""NumPy releases the interpreter lock while it copies, partitions and sums."""
_EPS: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ColumnStatistics:
    """The values with which columns are filled and standardised."""

    median: DoubleArray
    """(D,) median of the values inside the range; 0 where there is none."""
    mean: DoubleArray
    """(D,) mean after filling."""
    scale: DoubleArray
    """(D,) population standard deviation after filling; 1 where the column is constant."""
    constant: BoolArray
    """(D,) True where the column does not vary, up to rounding."""
    empty: BoolArray
    """(D,) True where no value is finite."""
    range: ValueRange
    """Values outside of it are missing."""

    def fill(self, values: FloatArray) -> FloatArray:
        """Values (..., D) with the median in place of missing ones; `values` is not changed.

        Missing are NaN, infinities, and what lies outside of the range.
        """
        inside = self.range.hold(values)
        if inside.all():
            return values
        filled: FloatArray = np.where(inside, values, self.median.astype(np.float32))
        return filled

    def standardise(self, values: FloatArray) -> DoubleArray:
        """Filled values (..., D) minus the mean, divided by the standard deviation, in float64.

        A column that is constant on the train split becomes 0 in every split, because the network
        cannot learn anything from it.
        """
        # In float64: float32 loses precision where the mean is large relative to the deviation.
        exact: DoubleArray = values - self.mean
        exact /= self.scale
        if self.constant.any():
            exact[..., self.constant] = 0.0
        return exact


def fit_columns(samples: Sequence[FloatArray], dim: int) -> ColumnStatistics:
    """Fits median, mean and standard deviation of each column, accumulated in float64.

    Args:
        samples: Arrays of (T, D), where T may differ, or of (D,). NaN, infinities, and values far
            outside the range of the samples count as missing. Without any sample all columns are
            empty.
        dim: Columns D.
    """
    blocks = [np.atleast_2d(sample) for sample in samples]
    result = ColumnStatistics(
        median=np.zeros(dim),
        mean=np.zeros(dim),
        scale=np.ones(dim),
        constant=np.ones(dim, np.bool_),
        empty=np.ones(dim, np.bool_),
        range=ValueRange.unlimited(dim),
    )
    if not blocks:
        return result
    limits = fit_value_range(*clip_extremes(blocks, dim))
    result.range.low[:], result.range.high[:] = limits.low, limits.high
    starts = range(0, dim, _CHUNK)
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(lambda start: _fit_chunk(blocks, start, result), starts):
            pass
    return result


def _fit_chunk(blocks: Sequence[FloatArray], start: int, into: ColumnStatistics) -> None:
    columns = slice(start, start + _CHUNK)
    rows = sum(map(len, blocks))
    buffer = np.empty((len(into.median[columns]), rows), np.float32)
    end = 0
    for block in blocks:
        buffer[:, end : end + len(block)] = block[:, columns].T
        end += len(block)
    for index, column in enumerate(buffer, start):
        inside = (column >= into.range.low[index]) & (column <= into.range.high[index])
        observed = column if inside.all() else column[inside]
        into.empty[index] = not len(observed)
        median = _median_in_place(observed) if len(observed) else 0.0
        if len(observed) < rows:
            observed = np.append(observed, np.full(rows - len(observed), median, np.float32))
        into.median[index] = median
        _set_moments(observed, index, into)


def _median_in_place(values: FloatArray) -> float:
    """The median. It reorders `values`, which does not change the sums computed afterwards."""
    middle = len(values) // 2
    values.partition(middle)
    if len(values) % 2:
        return float(values[middle])
    return (float(values[:middle].max()) + float(values[middle])) / 2


def _set_moments(values: FloatArray, index: int, into: ColumnStatistics) -> None:
    exact = values.astype(np.float64)
    mean = float(exact.mean())
    exact -= mean
    variance = float(np.dot(exact, exact)) / len(exact)
    into.mean[index] = mean
    # Up to this bound a variance may be rounding error. It is scikit-learn's bound, so that both
    # consider the same columns constant.
    bound = len(exact) * _EPS * variance + (len(exact) * mean * _EPS) ** 2
    into.constant[index] = variance <= bound
    into.scale[index] = 1.0 if variance <= bound else np.sqrt(variance)
