"""Splits as the network reads them: filled, standardised, padded to the same length.

Shapes: N samples, T frames of the longest sample, D columns of a stream, P principal components,
K tasks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from avq_core.data.dataset import RawSplit, lengths
from avq_core.data.preprocessing.statistics import Statistics, StreamStatistics
from avq_core.data.preprocessing.value_range import BoolArray, FloatArray
from avq_core.data.schema import Schema, Stream

IntArray = npt.NDArray[np.int32]
HalfOrFloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSplit:
    """One split, ready for training."""

    streams: dict[str, HalfOrFloatArray]
    """Stream name to (N, T, D), or (N, D) for a clip-level stream; finite and standardised, float16
    or float32; 0 in padding and where a sample lacks the stream."""
    targets: FloatArray
    """(N, K), scaled to [0, 1] by the train split's range; NaN where missing."""
    groups: tuple[str, ...]
    """N group names."""
    lengths: IntArray | None = None
    """(N,) real frames of each sample; `None` if all T are real in every sample."""
    present: Mapping[str, BoolArray] = field(default_factory=dict)
    """Stream to (N,), False where a sample lacks it; all samples have the streams not named here."""

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSplits:
    """The splits that a study may use; the test split cannot be reached from here."""

    schema: Schema
    train: PreparedSplit
    val: PreparedSplit


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitShape:
    """The lengths of a split's samples, and which streams they have."""

    num_frames: int
    """T of the longest sample."""
    lengths: IntArray | None
    """As in `PreparedSplit`."""
    present: Mapping[str, BoolArray]
    """As in `PreparedSplit`."""


def shape_of(split: RawSplit, schema: Schema) -> SplitShape:
    """Lengths and presence of a raw split."""
    frames = lengths(split, schema)
    longest = int(frames.max())
    present = {
        stream.name: np.array([sample is not None for sample in split.features[stream.name]])
        for stream in schema.streams
        if stream.optional
    }
    return SplitShape(
        num_frames=longest,
        lengths=frames if (frames < longest).any() else None,
        present=present,
    )


def transform(
    samples: Iterable[FloatArray | None],
    stream: Stream,
    statistics: StreamStatistics,
    *,
    frames: int,
    dtype: np.dtype[Any],
) -> Iterator[HalfOrFloatArray]:
    """Transforms the raw samples of a stream into network inputs, one by one.

    Args:
        samples: N arrays of (T, D) or (D,), `None` where a sample lacks the stream.
        stream: The raw stream.
        statistics: The stream's statistics, fitted on train.
        frames: Length to which temporal streams are padded.
        dtype: float16 or float32.

    Yields:
        Arrays of (frames, P or D), or (P or D,); 0 in padding and where the stream is absent.
    """
    shape = (frames, statistics.dim) if stream.temporal else (statistics.dim,)
    largest = np.finfo(dtype).max
    for sample in samples:
        if sample is None:
            yield np.zeros(shape, dtype)
            continue
        # `clip` does not bound principal components, and the largest float16 is 65,504.
        values = np.clip(statistics.apply(sample), -largest, largest).astype(dtype)
        if values.shape == shape:
            yield values
            continue
        padded = np.zeros(shape, dtype)
        padded[: len(values)] = values
        yield padded


def outside_range(
    split: RawSplit, schema: Schema, statistics: Statistics
) -> dict[str, dict[int, int]]:
    """Values of raw samples that are filled because they lie far outside the train clips' range.

    Returns:
        Stream to the samples with such values, and how many; streams without any are left out.
    """
    by_stream: dict[str, dict[int, int]] = {}
    for stream in schema.streams:
        limits = statistics.streams[stream.name].columns.range
        for index, sample in enumerate(split.features[stream.name]):
            if sample is not None:
                outside = int((np.isfinite(sample) & ~limits.hold(sample)).sum())
                if outside:
                    by_stream.setdefault(stream.name, {})[index] = outside
    return by_stream


def transform_split(
    split: RawSplit, schema: Schema, statistics: Statistics, *, storage: str
) -> PreparedSplit:
    """Transforms a raw split in memory, for samples to predict.

    Args:
        split: The raw split; it is not changed.
        schema: The raw schema.
        statistics: The statistics of the model.
        storage: How the model's train split was stored: `float16` or `float32`.
    """
    shape = shape_of(split, schema)
    return PreparedSplit(
        streams={
            stream.name: np.stack(
                list(
                    transform(
                        split.features[stream.name],
                        stream,
                        statistics.streams[stream.name],
                        frames=shape.num_frames,
                        dtype=np.dtype(storage),
                    )
                )
            )
            for stream in schema.streams
        },
        targets=statistics.labels.scale(split.labels),
        groups=tuple(split.groups),
        lengths=shape.lengths,
        present=shape.present,
    )
