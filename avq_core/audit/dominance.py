"""Columns whose train standard deviation a few clips make, such as broken ones.

The preprocessing fills what lies far outside the range of the train clips, but at most 2 % of them
(three of few) on each side. Where more are broken, their values are that range, and standardising by
them flattens the others.

Shapes: N samples, D columns of a stream.
"""

from typing import Final

import numpy as np

from avq_core.audit.report import Dominated
from avq_core.audit.tally import Tally
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.columns import DoubleArray

_SHARE: Final = 0.1
"""Share of the clips that is left out: those farthest from the median clip."""
_REST: Final = 0.05
"""A column is dominated if less than this share of its deviation is left then. It is 0.1 and more in
all columns of real clips."""
_MIN_CLIPS: Final = 10
_ROUNDING: Final = 1e-3
"""Least deviation within a clip relative to its mean, as both are computed in float32."""


def dominated(train: RawSplit, counted: Tally) -> tuple[Dominated, ...]:
    """Finds the columns of a stream that a few train clips dominate.

    A column that is constant in all other clips is none: it may be an action that is rare.

    Args:
        train: The raw train split.
        counted: The stream's tally of it.
    """
    samples = train.features[counted.stream.name]
    rows = np.flatnonzero(counted.present)
    left_out = int(_SHARE * len(rows))
    if len(rows) < _MIN_CLIPS:
        return ()
    frames = np.array([len(np.atleast_2d(s)) for s in samples if s is not None])
    means, spreads = counted.means[rows].astype(np.float64), counted.spreads[rows]
    seen = np.isfinite(means)
    weights = np.where(seen, frames[:, None], 0.0)
    # From the median clip, so that clips of one and the same value are exactly 0.
    middle = np.nanmedian(np.where(seen.any(axis=0), means, 0.0), axis=0)
    offsets = np.where(seen, means - middle, 0.0)
    spreads = np.where(seen & (spreads > _ROUNDING * np.abs(means)), spreads, 0.0)
    far = np.abs(offsets) + spreads
    kept = np.argsort(far, axis=0, kind="stable")[: len(rows) - left_out]
    terms = (weights, weights * offsets, weights * (spreads**2 + offsets**2))
    whole = _deviation(*(term.sum(axis=0) for term in terms))
    rest = _deviation(*(np.take_along_axis(term, kept, axis=0).sum(axis=0) for term in terms))
    columns = np.flatnonzero((rest > 0) & (rest < _REST * whole))
    shares = (far > whole).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return tuple(Dominated(column=int(c), clips=float(shares[c])) for c in columns)


def _deviation(weight: DoubleArray, first: DoubleArray, second: DoubleArray) -> DoubleArray:
    """(D,) standard deviation from the sums of weights, of values and of their squares."""
    weight = np.maximum(weight, 1)
    return np.asarray(np.sqrt(np.maximum(second / weight - (first / weight) ** 2, 0)))
