"""The range of a column outside of which a value is no measurement.

A broken frame, an overflow or a wrong unit can be a million times as large as every measurement. One
such value would inflate the column's standard deviation until nothing else is left of the column. So
what is far outside the range of the train clips counts as missing.

Shapes: N clips, D columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

MARGIN: Final = 5.0
"""Widths of the train clips' range, on each side of it, that a value may lie away. In clean data
nothing lies outside, so that its statistics do not change at all (docs/experiments/026)."""
MIN_CLIPS: Final = 10
"""With fewer clips nothing is judged."""
_TOLERATED_SHARE: Final = 0.02
_TOLERATED: Final = 3
"""Clips that may be broken on each side of the range: 2 %, or three where that is more and at most a
tenth. The range is that of all others, so it includes what only a few clips in a hundred do."""
_ROUNDING: Final = 1e-3
"""Least width of a range relative to its values, so that rounding noise is no range."""
_LARGEST: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ValueRange:
    """The lowest and highest value that counts as one, by column."""

    low: FloatArray
    """(D,), finite."""
    high: FloatArray
    """(D,), finite."""

    @classmethod
    def unlimited(cls, dim: int) -> Self:
        """All finite values."""
        high = np.full(dim, _LARGEST, np.float32)
        return cls(low=-high, high=high)

    def hold(self, values: npt.NDArray[Any]) -> BoolArray:
        """(..., D) -> (..., D), False for NaN, infinities and values outside of the range."""
        inside: BoolArray = values >= self.low
        inside &= values <= self.high
        return inside


def fit_value_range(lows: FloatArray, highs: FloatArray) -> ValueRange:
    """Fits the range to the train clips.

    Args:
        lows: (N, D) each clip's lowest finite value; NaN where it has none.
        highs: (N, D) each clip's highest finite value; NaN where it has none.
    """
    result = ValueRange.unlimited(lows.shape[1])
    counts = np.isfinite(lows).sum(axis=0)
    skipped = _tolerated(counts)[None]
    judged = np.flatnonzero(counts >= MIN_CLIPS)
    if not judged.size:
        return result
    # NaN is sorted to the end.
    low = np.take_along_axis(np.sort(lows, axis=0), skipped, axis=0)[0].astype(np.float64)
    last = np.maximum(counts - 1 - skipped, 0)
    high = np.take_along_axis(np.sort(highs, axis=0), last, axis=0)[0].astype(np.float64)
    for column in judged[low[judged] == high[judged]]:
        low[column], high[column] = _of_the_active(lows[:, column], highs[:, column], low[column])
    least = _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    margin = MARGIN * np.maximum(high - low, least)
    result.low[judged] = np.clip(low - margin, -_LARGEST, _LARGEST)[judged]
    result.high[judged] = np.clip(high + margin, -_LARGEST, _LARGEST)[judged]
    return result


def _tolerated(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Clips of so many that may be broken on each side."""
    share = np.maximum(_TOLERATED_SHARE * counts, np.minimum(_TOLERATED, 0.1 * counts))
    return np.asarray(share, np.int64)


def _of_the_active(lows: FloatArray, highs: FloatArray, usual: float) -> tuple[float, float]:
    """The range of a column that has the same value in nearly all clips, from the other clips.

    Such a column may be an action that is rare. With few clips that do it there is no limit.
    """
    active = (lows < usual) | (highs > usual)
    lows, highs = np.sort(lows[active]), np.sort(highs[active])
    if len(lows) < MIN_CLIPS:
        return -_LARGEST, _LARGEST
    skipped = int(_tolerated(np.array(len(lows))))
    return min(float(lows[skipped]), usual), max(float(highs[-1 - skipped]), usual)


def clip_extremes(samples: Sequence[FloatArray], dim: int) -> tuple[FloatArray, FloatArray]:
    """Each clip's lowest and highest finite value by column; NaN where it has none.

    Args:
        samples: N arrays of (T, D) or (D,).
        dim: Columns D.

    Returns:
        Two arrays (N, D).
    """
    lows = np.full((len(samples), dim), np.nan, np.float32)
    highs = lows.copy()
    for row, sample in enumerate(samples):
        values = np.atleast_2d(sample)
        finite = np.isfinite(values)
        if not finite.all():
            values = np.where(finite, values, np.nan)
        # fmin and fmax ignore NaN, unless all values are NaN.
        lows[row], highs[row] = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return lows, highs
