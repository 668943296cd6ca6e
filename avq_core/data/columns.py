"""Statistics of a stream's columns, fitted on many samples without ever stacking them.

Shapes: N samples, T frames, R = N x T rows, D columns, P principal components.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import ConfigError

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_CHUNK: Final = 16
"""Columns copied together: 64 bytes of a row, one cache line."""
_THREADS: Final = 2
"""NumPy releases the interpreter while it copies, partitions and sums."""
_EPS: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ColumnStatistics:
    """What each column is filled and standardised with."""

    median: DoubleArray
    """(D,) of the finite values; 0 where there is none."""
    mean: DoubleArray
    """(D,) after filling."""
    scale: DoubleArray
    """(D,) population deviation after filling; 1 where the column is constant."""
    constant: BoolArray
    """(D,) True where the column does not vary, up to rounding."""
    empty: BoolArray
    """(D,) True where no value is finite."""


def column_statistics(samples: Sequence[FloatArray]) -> ColumnStatistics:
    """Median, mean and deviation of each column, accumulated in float64.

    Args:
        samples: N arrays of (T, D), T may differ, or of (D,); NaN and infinities are missing.
    """
    blocks = [np.atleast_2d(sample) for sample in samples]
    dim = blocks[0].shape[1]
    result = ColumnStatistics(
        median=np.zeros(dim),
        mean=np.zeros(dim),
        scale=np.ones(dim),
        constant=np.zeros(dim, np.bool_),
        empty=np.zeros(dim, np.bool_),
    )
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
        finite = np.isfinite(column)
        whole = bool(finite.all())
        observed = column if whole else column[finite]
        into.empty[index] = not len(observed)
        median = _median_in_place(observed) if len(observed) else 0.0
        if not whole:
            observed = np.append(observed, np.full(rows - len(observed), median, np.float32))
        into.median[index] = median
        _set_moments(observed, index, into)


def _median_in_place(values: FloatArray) -> float:
    """The median; reorders `values`, which the sums that follow do not mind."""
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
    # The bound up to which a variance is nothing but rounding: scikit-learn's, so that both call
    # the same columns constant.
    bound = len(exact) * _EPS * variance + (len(exact) * mean * _EPS) ** 2
    into.constant[index] = variance <= bound
    into.scale[index] = 1.0 if variance <= bound else np.sqrt(variance)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Components:
    """A rotation of standardised columns to their directions of largest variance."""

    axes: DoubleArray
    """(P, D), orthonormal rows; each row's largest entry is positive, so that the sign is fixed."""
    centre: DoubleArray
    """(D,) subtracted before."""
    scale: float
    """Divides the scores, so that the P of them together vary by 1 a column, as the columns of the
    other streams do: the network's first layers start from weights made for such inputs."""


def principal_components(
    blocks: Iterable[DoubleArray], dim: int, width: int, *, setting: str
) -> Components:
    """The first `width` principal components of standardised rows, by their covariance.

    Args:
        blocks: Arrays of (rows, D), all finite, all together R rows; read once.
        dim: Columns D.
        width: Components P to keep.
        setting: Name of the setting that asks for them, for the error.

    Raises:
        ConfigError: The rows span fewer than `width` directions.
    """
    total, products, rows = np.zeros(dim), np.zeros((dim, dim)), 0
    for block in blocks:
        total += block.sum(axis=0)
        products += block.T @ block
        rows += len(block)
    centre = total / rows
    covariance = (products - rows * np.outer(centre, centre)) / max(rows - 1, 1)
    variances, axes = np.linalg.eigh(covariance)
    rank = int((variances > variances[-1] * dim * _EPS).sum()) if variances[-1] > 0 else 0
    if width > min(rank, rows - 1):
        raise ConfigError(
            f"{setting} is {width}, expected at most {min(rank, rows - 1)}: "
            f"so many independent directions do the train split's {dim} columns have"
        )
    kept = axes[:, ::-1][:, :width].T
    largest = np.take_along_axis(kept, np.abs(kept).argmax(axis=1)[:, None], axis=1)
    return Components(
        axes=kept * np.sign(largest),
        centre=centre,
        scale=float(np.sqrt(variances[::-1][:width].mean())),
    )
