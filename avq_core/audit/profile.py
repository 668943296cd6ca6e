"""Profile of a stream over all splits: scale and redundancy on train, drift of val and test.

Shapes: D columns of a stream.
"""

import warnings
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.audit.dominance import dominated
from avq_core.audit.report import Drift, StreamProfile
from avq_core.audit.tally import Tally
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.columns import DoubleArray
from avq_core.data.preprocessing.value_range import ValueRange

WILD: Final = 10.0
"""Train standard deviations beyond which a value is wild; the default bound of `data.clip`."""
HELD: Final = 0.99
"""Share of the variance for which principal components are counted."""
_MAX_ROWS: Final = 20_000
"""Rows for the covariance, evenly spaced: its eigenvalues change little with more."""


def profile(train: RawSplit, tallies: list[Tally], limits: ValueRange) -> StreamProfile:
    """Computes the profile of a stream.

    Args:
        train: The raw train split.
        tallies: The stream's tallies by split, that of train first.
        limits: The range of the stream's train clips.
    """
    first = tallies[0]
    mean, deviation = _moments(first)
    varying = deviation > 0
    spread = np.where(varying, deviation, 1.0)
    centre = mean + first.reference
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # columns of NaN alone
        far = np.nanmax(
            [np.fmax(np.abs(t.low - centre), np.abs(t.high - centre)) / spread for t in tallies],
            axis=0,
        )
    far = np.where(varying & np.isfinite(far), far, 0.0)
    held = _held(train, first, centre, deviation, limits)
    deviations = deviation[varying]
    return StreamProfile(
        stream=first.stream.name,
        dim=first.stream.dim,
        deviation_low=float(deviations.min()) if deviations.size else 0.0,
        deviation_median=float(np.median(deviations)) if deviations.size else 0.0,
        deviation_high=float(deviations.max()) if deviations.size else 0.0,
        wild=int((far > WILD).sum()),
        wildest=float(far.max()),
        components=int(np.searchsorted(held, HELD) + 1) if held.size else 0,
        spectrum=tuple(float(held[k - 1]) for k in _powers(held.size)),
        drift=tuple(_drift(first, other) for other in tallies[1:]),
        dominated=dominated(train, first),
    )


def _moments(train: Tally) -> tuple[DoubleArray, DoubleArray]:
    """Mean minus the reference, and standard deviation, of each column (D,); 0 if it is constant."""
    count = np.maximum(train.count, 1)
    mean = train.total / count
    variance = np.maximum(train.squares / count - mean**2, 0)
    constant = ~(train.low < train.high)
    return mean, np.asarray(np.where(constant, 0.0, np.sqrt(variance)))


def _held(
    train: RawSplit,
    first: Tally,
    centre: DoubleArray,
    deviation: DoubleArray,
    limits: ValueRange,
) -> npt.NDArray[np.float64]:
    """(D,) share of the variance in the first 1, 2, 3, ... principal components."""
    columns = np.flatnonzero(deviation > 0)
    if not columns.size:
        return np.empty(0)
    samples = [s for s in train.features[first.stream.name] if s is not None]
    step = max(1, sum(len(np.atleast_2d(s)) for s in samples) // _MAX_ROWS)
    covariance = np.zeros((columns.size, columns.size))
    middle, scale = centre[columns].astype(np.float32), deviation[columns].astype(np.float32)
    for start in range(0, len(samples), 64):
        block = samples[start : start + 64]
        rows = np.concatenate(
            [np.atleast_2d(s)[(start + k) % step :: step] for k, s in enumerate(block)]
        )
        rows = np.where(limits.hold(rows), rows, np.nan)
        rows = (rows[:, columns] - middle) / scale
        rows[~np.isfinite(rows)] = 0
        covariance += rows.T @ rows
    values = np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0)
    return np.asarray(np.cumsum(values) / max(values.sum(), np.finfo(float).tiny))


def _powers(size: int) -> list[int]:
    """The powers of two below the size, and the size itself."""
    powers = [1 << k for k in range(size.bit_length()) if 1 << k < size]
    return [*powers, size] if size else []


def _drift(train: Tally, other: Tally) -> Drift:
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # columns of NaN alone
        difference = np.nanmean(other.means, axis=0) - np.nanmean(train.means, axis=0)
        shift = np.abs(difference) / np.nanstd(train.means, axis=0)
    defined = np.isfinite(shift)
    if not defined.any():
        return Drift(split=other.split, median=0.0, high=0.0, share=0.0, columns=())
    order = np.argsort(-np.where(defined, shift, -1), kind="stable")[:5]
    return Drift(
        split=other.split,
        median=float(np.median(shift[defined])),
        high=float(np.quantile(shift[defined], 0.95)),
        share=float((shift[defined] > 1).mean()),
        columns=tuple(int(i) for i in order if defined[i]),
    )
