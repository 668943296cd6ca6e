"""The preprocessing of streams and labels: fitted on the train split, then a pure function.

Missing values get the train median of their column, and so do values far outside the range of the
train clips. Columns are standardised with the train mean and
standard deviation, and clipped. A stream may be reduced to principal components. Labels are scaled.

Shapes: N samples, T frames, D columns of a stream, P principal components, K tasks.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.columns import ColumnStatistics, DoubleArray, fit_columns
from avq_core.data.preprocessing.labels import LabelScaling, fit_label_scaling
from avq_core.data.preprocessing.pca import Components, fit_components
from avq_core.data.preprocessing.value_range import FloatArray, ValueRange
from avq_core.data.schema import Schema, Stream
from avq_core.errors import ConfigError, DataError

_SAMPLES_A_BLOCK: Final = 16
_COLUMN_PARTS: Final = ("median", "mean", "scale", "constant", "empty")
_RANGE_PARTS: Final = ("low", "high")
_COMPONENT_PARTS: Final = ("axes", "centre", "scale")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StreamStatistics:
    """The preprocessing of one stream: fill, standardise, clip, and optionally reduce."""

    columns: ColumnStatistics
    clip: float = math.inf
    """Bound on the absolute standardised value, in standard deviations."""
    components: Components | None = None
    """`None` where the stream is not reduced."""

    @property
    def dim(self) -> int:
        """Columns of the result: P if the stream is reduced, else D."""
        return len(self.columns.mean if self.components is None else self.components.axes)

    def apply(self, values: FloatArray) -> FloatArray:
        """Raw values (..., D) to finite float32 (..., P or D); `values` is not changed."""
        exact = self.standardised(values)
        if self.components is not None:
            exact = self.components.project(exact)
        return exact.astype(np.float32)

    def standardised(self, values: FloatArray) -> DoubleArray:
        """Raw values (..., D), filled, standardised and clipped, before any reduction."""
        exact = self.columns.standardise(self.columns.fill(values))
        if self.clip < math.inf:
            np.clip(exact, -self.clip, self.clip, out=exact)
        return exact


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Statistics:
    """Everything fitted on the train split; with the raw schema, enough to preprocess new files."""

    streams: Mapping[str, StreamStatistics]
    """Stream name to its statistics, in the schema's order."""
    labels: LabelScaling

    def apply(self, stream: str, values: FloatArray) -> FloatArray:
        """Preprocesses raw values of one stream: (..., D) -> (..., P or D)."""
        return self.streams[stream].apply(values)

    def prepared_schema(self, raw: Schema) -> Schema:
        """The schema of what `apply` returns: reduced streams have fewer columns."""
        return Schema(
            streams=tuple(
                dataclasses.replace(stream, dim=self.streams[stream.name].dim)
                for stream in raw.streams
            ),
            num_frames=raw.num_frames,
            tasks=raw.tasks,
        )

    def report(self) -> tuple[str, ...]:
        """Lines for the user on columns of train without finite values or without variation."""
        lines: list[str] = []
        for name, stream in self.streams.items():
            empty, constant = stream.columns.empty, stream.columns.constant
            for what, marked in (
                ("without a finite train value", empty),
                ("constant on the train split", constant & ~empty),
            ):
                if marked.any():
                    shown = ", ".join(map(str, np.flatnonzero(marked)[:8]))
                    more = ", ..." if marked.sum() > 8 else ""
                    lines.append(
                        f"{name}: {marked.sum()} of {len(marked)} columns {what}, set to 0 "
                        f"({shown}{more})"
                    )
        return tuple(lines)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The statistics as arrays by name, for safetensors; `from_arrays` is the inverse."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "labels/low": self.labels.low,
            "labels/width": self.labels.width,
        }
        for name, stream in self.streams.items():
            for part in _COLUMN_PARTS:
                arrays[f"streams/{name}/{part}"] = getattr(stream.columns, part)
            for part in _RANGE_PARTS:
                arrays[f"streams/{name}/{part}"] = getattr(stream.columns.range, part)
            arrays[f"streams/{name}/clip"] = np.array(stream.clip)
            if stream.components is not None:
                for part in _COMPONENT_PARTS:
                    # safetensors ignores strides, so the array must be contiguous.
                    arrays[f"components/{name}/{part}"] = np.ascontiguousarray(
                        getattr(stream.components, part)
                    )
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], schema: Schema) -> Self:
        """Builds the statistics from the result of `to_arrays`.

        Args:
            arrays: Name to array.
            schema: The raw schema, which gives the streams and their order.

        Raises:
            DataError: An array is missing, or its shape does not fit the schema.
        """
        try:
            streams = {s.name: _stream_from_arrays(arrays, s) for s in schema.streams}
            labels = LabelScaling(low=arrays["labels/low"], width=arrays["labels/width"])
        except KeyError as error:
            raise DataError(
                f"the statistics lack {error}, expected those of streams "
                f"{[s.name for s in schema.streams]}; prepare or train again"
            ) from error
        if not labels.low.shape == labels.width.shape == (len(schema.tasks),):
            raise DataError(
                f"the statistics are of {labels.low.size} tasks, expected {len(schema.tasks)}; "
                "prepare or train again"
            )
        return cls(streams=streams, labels=labels)


def fit(train: RawSplit, schema: Schema, config: DataConfig) -> Statistics:
    """Fits the preprocessing of all streams and labels on the train split.

    Raises:
        ConfigError: PCA of an unknown stream, or to more components than the stream has.
    """
    for name, width in config.pca.items():
        dims = {s.name: s.dim for s in schema.streams}
        if name not in dims:
            raise ConfigError(f"data.pca names stream {name!r}, expected one of {list(dims)}")
        if width > dims[name]:
            raise ConfigError(
                f"data.pca.{name} is {width}, expected at most the stream's {dims[name]} columns"
            )
    streams = {
        stream.name: fit_stream(
            [sample for sample in train.features[stream.name] if sample is not None],
            stream.dim,
            clip=config.clip,
            width=config.pca.get(stream.name),
            setting=f"data.pca.{stream.name}",
        )
        for stream in schema.streams
    }
    return Statistics(streams=streams, labels=fit_label_scaling(train.labels))


def fit_stream(
    samples: Sequence[FloatArray],
    dim: int,
    *,
    clip: float | None = None,
    width: int | None = None,
    setting: str = "width",
) -> StreamStatistics:
    """Fits one stream on the train split's samples.

    Args:
        samples: Arrays of (T, D) or (D,), or one array of (N, T, D) or (N, D).
        dim: Columns D.
        clip: Bound on standardised values, in standard deviations; `None` for no bound.
        width: Principal components to keep; `None` keeps the columns.
        setting: Name of the setting that asks for them, for the error.

    Raises:
        ConfigError: The samples span fewer than `width` dimensions.
    """
    plain = StreamStatistics(
        columns=fit_columns(samples, dim), clip=math.inf if clip is None else clip
    )
    if width is None:
        return plain

    def blocks() -> Iterator[DoubleArray]:
        for start in range(0, len(samples), _SAMPLES_A_BLOCK):
            block = samples[start : start + _SAMPLES_A_BLOCK]
            yield plain.standardised(np.concatenate([np.atleast_2d(one) for one in block]))

    components = fit_components(blocks(), dim, width, setting=setting)
    return dataclasses.replace(plain, components=components)


def _stream_from_arrays(arrays: Mapping[str, npt.NDArray[Any]], stream: Stream) -> StreamStatistics:
    parts = {part: arrays[f"streams/{stream.name}/{part}"] for part in _COLUMN_PARTS}
    # A model that an earlier version trained has none.
    limits = {p: arrays[n] for p in _RANGE_PARTS if (n := f"streams/{stream.name}/{p}") in arrays}
    for part, array in {**parts, **limits}.items():
        if array.shape != (stream.dim,):
            raise DataError(
                f"the statistics' {stream.name} {part} has shape {array.shape}, expected "
                f"({stream.dim},); prepare or train again"
            )
    components = None
    if f"components/{stream.name}/axes" in arrays:
        axes, centre, scale = (arrays[f"components/{stream.name}/{p}"] for p in _COMPONENT_PARTS)
        components = Components(axes=axes, centre=centre, scale=float(scale.item()))
    return StreamStatistics(
        columns=ColumnStatistics(
            **parts, range=ValueRange(**limits) if limits else ValueRange.unlimited(stream.dim)
        ),
        clip=float(arrays[f"streams/{stream.name}/clip"].item()),
        components=components,
    )
