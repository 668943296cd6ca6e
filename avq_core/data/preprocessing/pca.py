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
    """A rotation of standardised columns to their directions of largest variance."""

    axes: DoubleArray
    """(P, D), orthonormal rows; each row's largest entry is positive, so that the sign is fixed."""
    centre: DoubleArray
    """(D,) subtracted before."""
    scale: float
    """Divides the scores, so that the P of them together vary by 1 a column, as the columns of the
    other streams do: the network's first layers start from weights made for such inputs."""

    def project(self, standardised: DoubleArray) -> DoubleArray:
        """Standardised rows (..., D) to scores (..., P)."""
        scores: DoubleArray = (standardised - self.centre) @ self.axes.T
        scores /= self.scale
        return scores


def fit_components(
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
