"""Scales labels to targets in [0, 1], by the train split's range, and back.

Shapes: N samples, K tasks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from avq_core.data.preprocessing.columns import DoubleArray
from avq_core.data.preprocessing.value_range import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelScaling:
    """Each task's lowest label and range on the train split."""

    low: DoubleArray
    """(K,) lowest valid label in the user's units; 0 for a task without labels."""
    width: DoubleArray
    """(K,) highest minus lowest label; 1 where all are equal or there are none."""

    def scale(self, labels: npt.NDArray[Any]) -> FloatArray:
        """Labels (..., K) in the user's units to targets, in [0, 1] on train; NaN stays NaN."""
        return ((labels - self.low) / self.width).astype(np.float32)

    def unscale(self, targets: npt.NDArray[Any]) -> FloatArray:
        """Targets or predictions (..., K) to the user's units; the inverse of `scale`."""
        return (targets * self.width + self.low).astype(np.float32)


def fit_label_scaling(labels: npt.NDArray[Any]) -> LabelScaling:
    """Fits the scaling to train labels (N, K) in the user's units, NaN where missing."""
    valid = np.isfinite(labels)
    lowest = np.where(valid, labels, np.inf).min(axis=0).astype(np.float64)
    highest = np.where(valid, labels, -np.inf).max(axis=0).astype(np.float64)
    labelled = valid.any(axis=0)
    low = np.where(labelled, lowest, 0.0)
    width = np.where(labelled, highest, 1.0) - low
    return LabelScaling(low=low, width=np.where(width > 0, width, 1.0))
