"""From raw streams and labels to what the network reads: fitted on the train split, then pure.

Missing values take the train median of their column, columns are standardised with the train mean
and deviation, a stream may be reduced to principal components, labels are scaled to [0, 1].

Shapes: N samples, T frames, D columns of a stream, P principal components, K tasks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from avq_core.config import DataConfig
from avq_core.data.columns import (
    ColumnStatistics,
    Components,
    DoubleArray,
    FloatArray,
    column_statistics,
    principal_components,
)
from avq_core.data.dataset import RawSplit
from avq_core.data.schema import Schema, Stream
from avq_core.errors import ConfigError, DataError

_SAMPLES_A_BLOCK: Final = 16
_COLUMN_PARTS: Final = ("median", "mean", "scale", "constant", "empty")
_COMPONENT_PARTS: Final = ("axes", "centre", "scale")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StreamStatistics:
    """How one stream is filled, standardised and, where asked for, reduced."""

    columns: ColumnStatistics
    components: Components | None = None

    @property
    def dim(self) -> int:
        """Columns that come out: P where the stream is reduced, else D."""
        return len(self.columns.mean if self.components is None else self.components.axes)

    def apply(self, values: FloatArray) -> FloatArray:
        """Raw values (..., D) to finite float32 (..., P or D); `values` is left as it is.

        A column that is constant on the train split comes out 0 everywhere: what it does elsewhere
        is nothing that the network could have learnt to read.
        """
        exact = self.standardised(values)
        if self.components is not None:
            exact = (exact - self.components.centre) @ self.components.axes.T
            exact /= self.components.scale
        return exact.astype(np.float32)

    def standardised(self, values: FloatArray) -> DoubleArray:
        """Raw values (..., D), filled and standardised, before any reduction."""
        finite = np.isfinite(values)
        if not finite.all():
            values = np.where(finite, values, self.columns.median.astype(np.float32))
        # float64: where a mean is large beside its deviation, float32 loses the difference.
        exact: DoubleArray = values - self.columns.mean
        exact /= self.columns.scale
        if self.columns.constant.any():
            exact[..., self.columns.constant] = 0.0
        return exact


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Statistics:
    """All that is fitted on the train split; enough, with the raw schema, to read a new file."""

    streams: Mapping[str, StreamStatistics]
    """Stream name to its statistics, in the schema's order."""
    label_min: DoubleArray
    """(K,) lowest valid train label of each task, in the user's units."""
    label_range: DoubleArray
    """(K,) highest minus lowest; 1 where all valid labels of the task are the same."""

    def apply(self, stream: str, values: FloatArray) -> FloatArray:
        """One stream's raw values (..., D), as the network reads them."""
        return self.streams[stream].apply(values)

    def scale_labels(self, labels: npt.NDArray[Any]) -> FloatArray:
        """Labels (..., K) in the user's units to targets, [0, 1] on the train split; NaN stays."""
        return ((labels - self.label_min) / self.label_range).astype(np.float32)

    def unscale_labels(self, targets: npt.NDArray[Any]) -> FloatArray:
        """Targets or predictions (..., K) in the user's own units; the inverse of `scale_labels`."""
        return (targets * self.label_range + self.label_min).astype(np.float32)

    def prepared_schema(self, raw: Schema) -> Schema:
        """The schema of what `apply` gives out: reduced streams have fewer columns."""
        return Schema(
            streams=tuple(
                Stream(name=s.name, dim=self.streams[s.name].dim, temporal=s.temporal)
                for s in raw.streams
            ),
            num_frames=raw.num_frames,
            tasks=raw.tasks,
        )

    def report(self) -> tuple[str, ...]:
        """What a user should know of the train split: columns without values or variation."""
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
        """Flat, for safetensors; `from_arrays` is the inverse."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "labels/min": self.label_min,
            "labels/range": self.label_range,
        }
        for name, stream in self.streams.items():
            for part in _COLUMN_PARTS:
                arrays[f"streams/{name}/{part}"] = getattr(stream.columns, part)
            if stream.components is not None:
                for part in _COMPONENT_PARTS:
                    # Contiguous, because safetensors writes the memory as it lies.
                    arrays[f"components/{name}/{part}"] = np.ascontiguousarray(
                        getattr(stream.components, part)
                    )
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], schema: Schema) -> Self:
        """Builds the statistics from what `to_arrays` gave.

        Args:
            arrays: Name to array.
            schema: The raw schema; sets the streams and their order.

        Raises:
            DataError: An array is missing, or has another shape than the schema's.
        """
        try:
            streams = {s.name: _stream_from_arrays(arrays, s) for s in schema.streams}
            label_min, label_range = arrays["labels/min"], arrays["labels/range"]
        except KeyError as error:
            raise DataError(
                f"the statistics lack {error}, expected those of streams "
                f"{[s.name for s in schema.streams]}; prepare or train again"
            ) from error
        if label_min.shape != (len(schema.tasks),) or label_range.shape != label_min.shape:
            raise DataError(
                f"the statistics are of {label_min.size} tasks, expected {len(schema.tasks)}; "
                "prepare or train again"
            )
        return cls(streams=streams, label_min=label_min, label_range=label_range)


def fit(train: RawSplit, schema: Schema, config: DataConfig) -> Statistics:
    """Fits everything on the train split.

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
        s.name: fit_stream(
            train.features[s.name], width=config.pca.get(s.name), setting=f"data.pca.{s.name}"
        )
        for s in schema.streams
    }
    label_min, label_range = fit_labels(train.labels)
    return Statistics(streams=streams, label_min=label_min, label_range=label_range)


def fit_stream(
    samples: Sequence[FloatArray], *, width: int | None = None, setting: str = "width"
) -> StreamStatistics:
    """Fits one stream on the train split's samples.

    Args:
        samples: N arrays of (T, D) or (D,), or one array of (N, T, D) or (N, D).
        width: Principal components to keep; `None` keeps the columns.
        setting: Name of the setting that asks for them, for the error.

    Raises:
        ConfigError: The samples span fewer than `width` directions.
    """
    columns = column_statistics(samples)
    plain = StreamStatistics(columns=columns)
    if width is None:
        return plain

    def blocks() -> Iterator[DoubleArray]:
        for start in range(0, len(samples), _SAMPLES_A_BLOCK):
            block = samples[start : start + _SAMPLES_A_BLOCK]
            yield plain.standardised(np.concatenate([np.atleast_2d(one) for one in block]))

    components = principal_components(blocks(), len(columns.mean), width, setting=setting)
    return StreamStatistics(columns=columns, components=components)


def fit_labels(labels: npt.NDArray[Any]) -> tuple[DoubleArray, DoubleArray]:
    """Lowest valid label and range (K,) of each task of (N, K); (0, 1) for a task without any."""
    valid = np.isfinite(labels)
    lowest = np.where(valid, labels, np.inf).min(axis=0).astype(np.float64)
    highest = np.where(valid, labels, -np.inf).max(axis=0).astype(np.float64)
    seen = valid.any(axis=0)
    lowest = np.where(seen, lowest, 0.0)
    spread = np.where(seen, highest, 1.0) - lowest
    return lowest, np.where(spread > 0, spread, 1.0)


def _stream_from_arrays(arrays: Mapping[str, npt.NDArray[Any]], stream: Stream) -> StreamStatistics:
    parts = {part: arrays[f"streams/{stream.name}/{part}"] for part in _COLUMN_PARTS}
    for part, array in parts.items():
        if array.shape != (stream.dim,):
            raise DataError(
                f"the statistics' {stream.name} {part} has shape {array.shape}, expected "
                f"({stream.dim},); prepare or train again"
            )
    components = None
    if f"components/{stream.name}/axes" in arrays:
        axes, centre, scale = (arrays[f"components/{stream.name}/{p}"] for p in _COMPONENT_PARTS)
        components = Components(axes=axes, centre=centre, scale=float(scale.item()))
    return StreamStatistics(columns=ColumnStatistics(**parts), components=components)
