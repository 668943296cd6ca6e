"""Principal components of a stream's standardised columns.

Shapes: R rows (frames of many samples), D columns, P principal components.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from avq_core.data.preprocessing.columns import DoubleArray
from avq_core.errors import ConfigError

_EPS: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Components:
    """A projection of standardised columns to their first principal components."""

    axes: DoubleArray
    """(P, D), orthonormal rows; the largest entry of each row is positive, which fixes the sign."""
    centre: DoubleArray
    """(D,) mean that is subtracted before the projection."""
    scale: float
    """Divides the projections, so that their mean variance is 1, like that of the columns of other
    streams; the initial weights of the network assume such inputs."""

    def project(self, standardised: DoubleArray) -> DoubleArray:
        """Projects standardised rows: (..., D) -> (..., P)."""
        projected: DoubleArray = (standardised - self.centre) @ self.axes.T
        projected /= self.scale
        return projected


def fit_components(
    blocks: Iterable[DoubleArray], dim: int, width: int, *, setting: str
) -> Components:
    """Fits the first `width` principal components of standardised rows, from their covariance.

    Args:
        blocks: Finite arrays of (rows, D), R rows in total; iterated over once.
        dim: Columns D.
        width: Components P to keep.
        setting: Name of the setting that asks for them, for the error.

    Raises:
        ConfigError: The rows span fewer than `width` dimensions.
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
            f"{setting} is {width}, expected at most {min(rank, rows - 1)}, the number of "
            f"independent directions in the train split's {dim} columns"
        )
    kept = axes[:, ::-1][:, :width].T
    largest = np.take_along_axis(kept, np.abs(kept).argmax(axis=1)[:, None], axis=1)
    return Components(
        axes=kept * np.sign(largest),
        centre=centre,
        scale=float(np.sqrt(variances[::-1][:width].mean())),
    )
