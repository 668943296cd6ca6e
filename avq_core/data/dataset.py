"""A data set in memory, as its file holds it: validated, nothing imputed, nothing scaled.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avq_core.data.schema import Schema

FloatArray = npt.NDArray[np.float32]


@dataclass(kw_only=True, slots=True)
class RawSplit:
    """One split. Feature arrays may be dropped stream by stream once they are used up."""

    features: dict[str, list[FloatArray]]
    """Stream name to N arrays of (T, D) or (D,); NaN as in the file."""
    labels: FloatArray
    """(N, K), in the user's units; NaN where missing."""
    groups: list[str]
    """N names; samples of one group (speaker, clip) belong together. A unique name where absent."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(kw_only=True, slots=True)
class Dataset:
    """All splits of one file, or of the demo set."""

    schema: Schema
    splits: dict[str, RawSplit]
    """By name: train, val, test."""
    attainable_r2: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Split to task to the R² of the noise-free labels; known of made data only."""
