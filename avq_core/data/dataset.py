"""A data set in memory, as its file holds it: validated, nothing imputed, nothing scaled.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.data.schema import Schema

FloatArray = npt.NDArray[np.float32]


NO_GROUP: Final = "(no group: "
"""How the made-up, unique group of a sample without one begins."""


@dataclass(kw_only=True, slots=True)
class RawSplit:
    """One split. Feature arrays may be dropped stream by stream once they are used up."""

    features: dict[str, list[FloatArray | None]]
    """Stream name to N arrays of (T, D) or (D,), NaN as in the file; `None` where a sample lacks
    the stream. T may differ between samples; it is the same in all streams of one."""
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


def lengths(split: RawSplit, schema: Schema) -> npt.NDArray[np.int32]:
    """Frames T of each of the N samples; 1 for one that has clip-level streams only."""
    frames = np.ones(len(split), np.int32)
    for stream in schema.streams:
        if stream.temporal:
            for index, sample in enumerate(split.features[stream.name]):
                if sample is not None:
                    frames[index] = len(sample)
    return frames


def named_groups(split: RawSplit) -> list[str]:
    """The groups that the file names, one for each sample that has one."""
    return [group for group in split.groups if not group.startswith(NO_GROUP)]
