"""Splits as the network reads them: filled, standardised, padded to one length.

Shapes: N samples, T frames of the longest sample, D columns of a stream, K tasks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from avq_core.data.dataset import RawSplit, lengths
from avq_core.data.preprocessing.columns import BoolArray, FloatArray
from avq_core.data.preprocessing.statistics import Statistics, StreamStatistics
from avq_core.data.schema import Schema, Stream

IntArray = npt.NDArray[np.int32]
HalfOrFloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSplit:
    """One split, ready for training."""

    streams: dict[str, HalfOrFloatArray]
    """Stream name to (N, T, D) or, clip-level, (N, D); finite, standardised, float16 or float32; 0
    in padding and where a sample lacks the stream."""
    targets: FloatArray
    """(N, K), scaled to [0, 1] by the train split's range; NaN where missing."""
    groups: tuple[str, ...]
    """N group names."""
    lengths: IntArray | None = None
    """(N,) how many of the T frames are real; `None` where all are, in every sample."""
    present: Mapping[str, BoolArray] = field(default_factory=dict)
    """Stream to (N,), False where a sample lacks it; a stream that is not named is in all."""

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSplits:
    """What a study may see. The test split is not in here, and there is no way from here to it."""

    schema: Schema
    train: PreparedSplit
    val: PreparedSplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What of a split is not values: how long its samples are, and which streams they have."""

    num_frames: int
    """T, of the split's longest sample."""
    lengths: IntArray | None
    present: Mapping[str, BoolArray]


def frame_of(split: RawSplit, schema: Schema) -> Frame:
    """Lengths and presence of a raw split, as `PreparedSplit` holds them."""
    frames = lengths(split, schema)
    longest = int(frames.max())
    present = {
        stream.name: np.array([sample is not None for sample in split.features[stream.name]])
        for stream in schema.streams
        if stream.optional
    }
    return Frame(
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
    """One stream's raw samples as the network reads them, one by one.

    Args:
        samples: N arrays of (T, D) or (D,), `None` where a sample lacks the stream.
        stream: The raw stream.
        statistics: Fitted on train.
        frames: Length to pad temporal streams to.
        dtype: float16 or float32.

    Yields:
        Arrays of (frames, P or D), or (P or D,); 0 where there is nothing.
    """
    shape = (frames, statistics.dim) if stream.temporal else (statistics.dim,)
    largest = np.finfo(dtype).max
    for sample in samples:
        if sample is None:
            yield np.zeros(shape, dtype)
            continue
        # Principal components know no `clip`, and float16 ends at 65,504.
        values = np.clip(statistics.apply(sample), -largest, largest).astype(dtype)
        if values.shape == shape:
            yield values
            continue
        padded = np.zeros(shape, dtype)
        padded[: len(values)] = values
        yield padded


def transform_split(
    split: RawSplit, schema: Schema, statistics: Statistics, *, storage: str
) -> PreparedSplit:
    """A raw split in memory, as `PreparedSplit`; for samples to predict.

    Args:
        split: As read; left as it is.
        schema: The raw schema.
        statistics: The model's own.
        storage: As the model's train split was stored: `float16` or `float32`.
    """
    frame = frame_of(split, schema)
    return PreparedSplit(
        streams={
            stream.name: np.stack(
                list(
                    transform(
                        split.features[stream.name],
                        stream,
                        statistics.streams[stream.name],
                        frames=frame.num_frames,
                        dtype=np.dtype(storage),
                    )
                )
            )
            for stream in schema.streams
        },
        targets=statistics.labels.scale(split.labels),
        groups=tuple(split.groups),
        lengths=frame.lengths,
        present=frame.present,
    )
