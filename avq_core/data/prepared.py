"""The prepared store: what training reads, memory-mapped, fitted on train only (to be written)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avq_core.data.schema import Schema

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSplit:
    """One split, ready for training."""

    streams: dict[str, FloatArray]
    """Stream name to (N, T, D) or, clip-level, (N, D); finite, standardised, float32."""
    targets: FloatArray
    """(N, K), scaled to [0, 1] by the train split's range; NaN where missing."""
    groups: tuple[str, ...]
    """N group names."""

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSplits:
    """What a study may see. The test split is not in here, and there is no way from here to it."""

    schema: Schema
    train: PreparedSplit
    val: PreparedSplit
