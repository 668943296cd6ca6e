"""The data contract: what samples and labels must look like, with an exact error for each breach.

Shapes: T frames, D columns of a stream, K tasks.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.files.layout import Names, shown
from avq_core.data.schema import Schema, Stream
from avq_core.errors import DataError

FloatArray = npt.NDArray[np.float32]

LABEL_TOLERANCE: Final = 1e-6
"""Labels may have been rounded to float32, so that -0.8 is read as -0.80000001."""
_SHAPES: Final = "(frames, columns) or, for a clip-level stream, (columns,), none of them 0"


def read_schema(samples: Sequence[object], names: Names, where: str) -> Schema:
    """Streams and tasks of a split: all that occur in any of its samples.

    Args:
        samples: The samples of the train split.
        names: Translates the file's names into ours.
        where: The split's name in errors.

    Raises:
        DataError: There are no streams or labels, an array has other than 1 or 2 axes, only one
            sample has a stream, or a name cannot be the name of a file or setting.
    """
    shapes: dict[str, list[tuple[int, ...]]] = {}
    first: dict[str, int] = {}
    tasks: dict[str, None] = {}
    for index, candidate in enumerate(samples):
        sample = names.sample(candidate, f"{where} sample {index}", needs_labels=True)
        for stream, array in sample.features.items():
            place = f"{where} sample {index}, stream {stream!r}"
            shapes.setdefault(stream, []).append(_checked_shape(array, place))
            first.setdefault(stream, index)
        tasks |= dict.fromkeys(sample.labels)
    if not shapes or not tasks:
        raise DataError(f"{where} has no {'labels' if shapes else 'streams'}, expected at least 1")
    for stream, each in shapes.items():
        if len(each) == 1 < len(samples):
            raise DataError(
                f"{where}: only sample {first[stream]} of {len(samples)} has a stream {stream!r}; "
                "correct its name if that is a typo, or leave it out (`ignore` of `layout`)"
            )
    longest = {name: max(map(_frames, each)) for name, each in shapes.items()}
    num_frames = max(longest.values())
    return Schema(
        streams=tuple(
            Stream(
                name=name,
                dim=each[0][-1],
                # A single frame in every sample, where other streams have more, is clip-level.
                temporal=len(each[0]) == 2 and (longest[name] > 1 or num_frames == 1),
                optional=len(each) < len(samples),
            )
            for name, each in shapes.items()
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
        schema: Streams that the sample must match; the number of frames may differ.
        config: Gives the value that means missing.
        where: The sample's name in errors.

    Returns:
        An array (T, D) or (D,) for each stream, `None` where the sample lacks it; T is the same in
        all of them. An array that is float32 already is not copied.

    Raises:
        DataError: A stream is not in the schema, is missing though it is not optional, or has
            another shape; or the streams differ in their number of frames.
    """
    expected = [stream.name for stream in schema.streams]
    _check_names(features, expected, f"{where}: stream")
    arrays: list[FloatArray | None] = []
    frames: dict[str, int] = {}
    for stream in schema.streams:
        if stream.name not in features:
            if not stream.optional:
                raise DataError(
                    f"{where}: stream {stream.name!r} is missing, got {shown(features)}; every "
                    "train sample has it, so the network learns no stand-in for it"
                )
            arrays.append(None)
            continue
        array = _one_stream(features[stream.name], stream, f"{where}, stream {stream.name!r}")
        if stream.temporal:
            frames[stream.name] = len(array)
        arrays.append(_as_float(array, config))
    if all(array is None for array in arrays):
        raise DataError(f"{where} has no stream at all, expected at least one of {shown(expected)}")
    if len(set(frames.values())) > 1:
        by_frames = sorted((num, name) for name, num in frames.items())
        (fewest, short), (most, _) = by_frames[0], by_frames[-1]
        raise DataError(
            f"{where} has streams of different numbers of frames: {frames}; resample "
            "them to the same by repeating frames: "
            f"features[{short!r}] = features[{short!r}][numpy.arange({most}) * {fewest} // {most}]"
        )
    return arrays


def read_labels(
    labels: Mapping[str, object], tasks: Sequence[str], config: DataConfig, where: str
) -> list[float]:
    """One sample's K labels in the user's units; NaN where missing.

    Args:
        labels: Task to value; tasks may be absent.
        tasks: The schema's tasks.
        config: The valid ranges and the value that means missing.
        where: The sample's name in errors.

    Raises:
        DataError: An unknown task, or a label that is not a number in the valid range.
    """
    _check_names(labels, tasks, f"{where}: label of task")
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
            "is missing; set other ranges with `layout`"
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
        wording = f"(frames, {stream.dim})" if stream.temporal else str(expected)
        raise DataError(f"{where} has shape {array.shape}, expected {wording}")
    return array


def _as_float(array: npt.NDArray[Any], config: DataConfig) -> FloatArray:
    with np.errstate(over="ignore"):  # overflow gives infinity, which counts as missing
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


def _check_names(names: Iterable[str], expected: Sequence[str], what: str) -> None:
    for name in names:
        if name not in expected:
            raise DataError(
                f"{what} {name!r} is unknown, expected {shown(expected)} as in the train split; "
                "correct its name, or leave it out (`ignore` of `layout`)"
            )
