"""A data set in memory, as its file holds it: validated, but neither imputed nor scaled.

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
"""Prefix of the unique group name that a sample without a group gets."""


NO_TEST: Final = "the data has no test split with labels"


@dataclass(kw_only=True, slots=True)
class RawSplit:
    """One split. Features may be dropped stream by stream once they are no longer needed."""

    features: dict[str, list[FloatArray | None]]
    """Stream name to N arrays of (T, D) or (D,), NaN as in the file; `None` where a sample lacks
    the stream. T may differ between samples, but not between the streams of a sample."""
    labels: FloatArray
    """(N, K), in the user's units; NaN where missing."""
    groups: list[str]
    """N group names; samples of one speaker or recording share a group. A sample without a group has
    a unique name."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(kw_only=True, slots=True)
class Dataset:
    """All splits of one file, or of the demo set."""

    schema: Schema
    splits: dict[str, RawSplit]
    """Splits by name: train, val, and test where the file has one with labels."""
    notes: tuple[str, ...] = ()
    """Lines for the user on how the file was read, where it leaves that open."""
    attainable_r2: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Split to task to the R² of the noise-free labels; empty unless the data is synthetic."""


def lengths(split: RawSplit, schema: Schema) -> npt.NDArray[np.int32]:
    """Frames T of each of the N samples; 1 for a sample with clip-level streams only."""
    frames = np.ones(len(split), np.int32)
    for stream in schema.streams:
        if stream.temporal:
            for index, sample in enumerate(split.features[stream.name]):
                if sample is not None:
                    frames[index] = len(sample)
    return frames


def named_groups(split: RawSplit) -> list[str]:
    """The group names of the samples for which the file gives one."""
    return [group for group in split.groups if not group.startswith(NO_GROUP)]
