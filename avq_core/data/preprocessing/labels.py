"""Labels to targets and back: [0, 1] over the train split's range.

Shapes: N samples, K tasks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from avq_core.data.preprocessing.columns import DoubleArray, FloatArray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelScaling:
    """Each task's lowest label and range, fitted on train."""

    low: DoubleArray
    """(K,) lowest valid label, in the user's units; 0 for a task without any."""
    width: DoubleArray
    """(K,) highest minus lowest; 1 where all valid labels are the same, or there is none."""

    def scale(self, labels: npt.NDArray[Any]) -> FloatArray:
        """Labels (..., K) in the user's units to targets, [0, 1] on the train split; NaN stays."""
        return ((labels - self.low) / self.width).astype(np.float32)

    def unscale(self, targets: npt.NDArray[Any]) -> FloatArray:
        """Targets or predictions (..., K) in the user's own units; the inverse of `scale`."""
        return (targets * self.width + self.low).astype(np.float32)


def fit_label_scaling(labels: npt.NDArray[Any]) -> LabelScaling:
    """The scaling by the train split's labels (N, K), in the user's units; NaN where missing."""
    valid = np.isfinite(labels)
    lowest = np.where(valid, labels, np.inf).min(axis=0).astype(np.float64)
    highest = np.where(valid, labels, -np.inf).max(axis=0).astype(np.float64)
    seen = valid.any(axis=0)
    low = np.where(seen, lowest, 0.0)
    width = np.where(seen, highest, 1.0) - low
    return LabelScaling(low=low, width=np.where(width > 0, width, 1.0))
