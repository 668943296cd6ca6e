"""The data contract: what a sample and a label must look like, each breach told exactly.

Shapes: T frames, D columns of a stream, K tasks.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.files.layout import Names, shown
from avq_core.data.schema import Schema, Stream
from avq_core.errors import DataError

FloatArray = npt.NDArray[np.float32]

LABEL_TOLERANCE: Final = 1e-6
"""Labels went through float32 somewhere: -0.8 may come back as -0.80000001."""
_SHAPES: Final = "(frames, columns) or, for a clip-level stream, (columns,), none of them 0"


def read_schema(samples: Sequence[object], names: Names, where: str) -> Schema:
    """Streams and tasks of a split: every one that any of its samples has.

    Args:
        samples: Of the train split.
        names: How the file's names become ours.
        where: Names the split in errors.

    Raises:
        DataError: No streams or labels, an array of other than 1 or 2 axes, a stream that stands
            in one sample only, a name that cannot be a file's or a setting's name.
    """
    found: dict[str, list[tuple[int, ...]]] = {}
    first: dict[str, int] = {}
    tasks: dict[str, None] = {}
    for index, candidate in enumerate(samples):
        sample = names.sample(candidate, f"{where} sample {index}", needs_labels=True)
        for stream, array in sample.features.items():
            place = f"{where} sample {index}, stream {stream!r}"
            found.setdefault(stream, []).append(_checked_shape(array, place))
            first.setdefault(stream, index)
        tasks |= dict.fromkeys(sample.labels)
    if not found or not tasks:
        raise DataError(f"{where} has no {'labels' if found else 'streams'}, expected at least 1")
    for stream, shapes in found.items():
        if len(shapes) == 1 < len(samples):
            raise DataError(
                f"{where}: only sample {first[stream]} of {len(samples)} has a stream {stream!r}; "
                "mend its name if that is a slip, or leave it out (`ignore` of --layout)"
            )
    longest = {name: max(map(_frames, shapes)) for name, shapes in found.items()}
    num_frames = max(longest.values())
    return Schema(
        streams=tuple(
            Stream(
                name=name,
                dim=shapes[0][-1],
                # One frame in every sample where others have more: a figure of the clip.
                temporal=len(shapes[0]) == 2 and (longest[name] > 1 or num_frames == 1),
                optional=len(shapes) < len(samples),
            )
            for name, shapes in found.items()
        ),
        num_frames=num_frames,
        tasks=tuple(tasks),
    )


def read_features(
    features: Mapping[str, object], schema: Schema, config: DataConfig, where: str
) -> list[FloatArray | None]:
    """One sample's arrays in the schema's order, as float32.

    Args:
        features: Stream name to array.
        schema: What the sample must match, but for the number of frames.
        config: Says which value means missing.
        where: Names the sample in errors.

    Returns:
        An array (T, D) or (D,) for each stream, `None` where the sample lacks it; T is the same in
        all of them. Not copied where it is float32 already.

    Raises:
        DataError: A stream that the schema does not have, one that is missing and not optional,
            another shape, or streams of different numbers of frames.
    """
    known = [stream.name for stream in schema.streams]
    _check_known(features, known, f"{where}: stream")
    arrays: list[FloatArray | None] = []
    frames: dict[str, int] = {}
    for stream in schema.streams:
        if stream.name not in features:
            if not stream.optional:
                raise DataError(
                    f"{where}: stream {stream.name!r} is missing, got {shown(features)}; every "
                    "train sample has it, so the network learns nothing to put in its place"
                )
            arrays.append(None)
            continue
        array = _one_stream(features[stream.name], stream, f"{where}, stream {stream.name!r}")
        if stream.temporal:
            frames[stream.name] = len(array)
        arrays.append(_as_float(array, config))
    if all(array is None for array in arrays):
        raise DataError(f"{where} has no stream at all, expected at least one of {shown(known)}")
    if len(set(frames.values())) > 1:
        raise DataError(f"{where} has streams of different numbers of frames: {frames}; resample")
    return arrays


def read_labels(
    labels: Mapping[str, object], tasks: Sequence[str], config: DataConfig, where: str
) -> list[float]:
    """One sample's K labels in the user's units; NaN where missing.

    Args:
        labels: Task to value; a task that is not there is missing.
        tasks: The schema's tasks.
        config: The valid ranges and the value that means missing.
        where: Names the sample in errors.
    """
    _check_known(labels, tasks, f"{where}: label of task")
    return [
        _label(labels.get(task), task, config, f"{where}, label of task {task!r}") for task in tasks
    ]


def _label(value: object, task: str, config: DataConfig, where: str) -> float:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where} is a {type(value).__name__}, expected a number")
    try:
        label = float(value)
    except OverflowError:  # an integer of hundreds of digits
        label = math.inf
    sentinel = config.missing_label
    if math.isnan(label) or (
        sentinel is not None and abs(label - sentinel) <= LABEL_TOLERANCE * max(1.0, abs(sentinel))
    ):
        return math.nan
    low, high = config.label_range(task)
    if not low - LABEL_TOLERANCE <= label <= high + LABEL_TOLERANCE:
        missing = "NaN" if sentinel is None else f"{sentinel:g} or NaN"
        raise DataError(
            f"{where} is {label:g}, expected a value in [{low:g}, {high:g}], or {missing} where it "
            "is missing; other ranges are told with --layout"
        )
    return label


def _checked_shape(array: object, where: str) -> tuple[int, ...]:
    shape = _numeric(array, where).shape
    if len(shape) not in (1, 2) or 0 in shape:
        raise DataError(f"{where} has shape {shape}, expected {_SHAPES}")
    return shape


def _frames(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 2 else 1


def _one_stream(value: object, stream: Stream, where: str) -> npt.NDArray[Any]:
    array = _numeric(value, where)
    if not stream.temporal and array.ndim == 2 and len(array) == 1:
        array = array[0]
    expected = (len(array), stream.dim) if stream.temporal else (stream.dim,)
    if array.shape != expected or 0 in array.shape:
        told = f"(frames, {stream.dim})" if stream.temporal else str(expected)
        raise DataError(f"{where} has shape {array.shape}, expected {told}")
    return array


def _as_float(array: npt.NDArray[Any], config: DataConfig) -> FloatArray:
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which counts as missing
        values: FloatArray = array.astype(np.float32, copy=False)
    if config.missing_value is not None:
        values = np.where(values == np.float32(config.missing_value), np.float32(np.nan), values)
    return values


def _numeric(value: object, where: str) -> npt.NDArray[Any]:
    """An array of numbers; a plain number is a clip-level stream of one column."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return np.array([float(value)], np.float64)
        except OverflowError:
            return np.array([math.inf])
    if not isinstance(value, np.ndarray):
        raise DataError(f"{where} is a {type(value).__name__}, expected a NumPy array of numbers")
    if value.dtype.kind not in "fiub":
        raise DataError(f"{where} is an array of type {value.dtype}, expected numbers")
    return value.reshape(1) if value.ndim == 0 else value


def _check_known(got: Mapping[str, object], known: Sequence[str], what: str) -> None:
    for name in got:
        if name not in known:
            raise DataError(
                f"{what} {name!r} is unknown, expected {shown(known)}, as the train split has "
                "them; mend its name, or leave it out (`ignore` of --layout)"
            )
