"""The data contract: what a file, a sample and a label must look like, each breach told exactly.

Shapes: T frames, D columns of a stream, K tasks.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config import DataConfig
from avq_core.data.schema import LABEL_SUFFIX, Schema, Stream
from avq_core.errors import DataError

FloatArray = npt.NDArray[np.float32]

LABEL_TOLERANCE: Final = 1e-6
"""Labels went through float32 somewhere: -0.8 may come back as -0.80000001."""
_NAME: Final = re.compile(r"[\w-]{1,64}\Z")
_SAMPLE: Final = "a dict with 'features' and 'labels'"


def check_sample(sample: object, where: str, *, needs_labels: bool) -> dict[str, Any]:
    """The sample, if it is a dict with features and, where needed, labels; both dicts by name."""
    if not isinstance(sample, dict):
        raise DataError(f"{where} is a {type(sample).__name__}, expected {_SAMPLE}")
    for part in ("features", "labels") if needs_labels else ("features",):
        if part not in sample:
            raise DataError(f"{where} has no {part!r}, only {_names(sample)}; expected {_SAMPLE}")
    for part in ("features", "labels"):
        if part in sample and not isinstance(sample[part], dict):
            got = type(sample[part]).__name__
            raise DataError(f"{where}: {part} is a {got}, expected a dict by name")
    return sample


def read_schema(sample: object, where: str) -> Schema:
    """Streams and tasks of a sample; the other samples are held to it.

    Raises:
        DataError: No streams or labels, an array of other than 1 or 2 axes, temporal streams of
            different lengths, a name that cannot be a file's or setting's name.
    """
    parts = check_sample(sample, where, needs_labels=True)
    shapes = {
        name: _numeric(array, f"{where}, stream {name!r}").shape
        for name, array in _checked_names(parts["features"], f"{where}: stream").items()
    }
    frames: dict[str, int] = {}
    for name, shape in shapes.items():
        if len(shape) not in (1, 2) or 0 in shape:
            raise DataError(
                f"{where}, stream {name!r} has shape {shape}, expected (frames, columns) or, "
                "for a clip-level stream, (columns,), none of them 0"
            )
        if len(shape) == 2:
            frames[name] = shape[0]
    if len(set(frames.values())) > 1:
        raise DataError(f"{where} has streams of different numbers of frames: {frames}; resample")
    labels = _checked_names(parts["labels"], f"{where}: label")
    if not shapes or not labels:
        raise DataError(f"{where} has no {'streams' if labels else 'labels'}, expected at least 1")
    return Schema(
        streams=tuple(
            Stream(name=name, dim=shape[-1], temporal=len(shape) == 2)
            for name, shape in shapes.items()
        ),
        num_frames=next(iter(frames.values()), 1),
        tasks=tuple(_task(label, where) for label in labels),
    )


def read_features(
    features: Mapping[str, object], schema: Schema, where: str, *, any_length: bool = False
) -> list[FloatArray]:
    """One sample's arrays in the schema's order, as float32.

    Args:
        features: Stream name to array.
        schema: What the sample must match.
        where: Names the sample in errors.
        any_length: Takes another number of frames than the schema's, the same in all its streams.

    Returns:
        An array (T, D) or (D,) for each stream; not copied where it is float32 already.
    """
    _same_names(features, [s.name for s in schema.streams], f"{where}: stream")
    arrays: list[FloatArray] = []
    frames = None if any_length else schema.num_frames
    for stream in schema.streams:
        array = _numeric(features[stream.name], f"{where}, stream {stream.name!r}")
        if stream.temporal and frames is None and array.ndim == 2 and len(array):
            frames = len(array)
        expected = (frames, stream.dim) if stream.temporal else (stream.dim,)
        if array.shape != expected:
            shown = str(expected).replace("None", "frames")
            raise DataError(
                f"{where}, stream {stream.name!r} has shape {array.shape}, expected {shown}"
            )
        with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which counts as missing
            arrays.append(array.astype(np.float32, copy=False))
    return arrays


def read_labels(
    labels: Mapping[str, object],
    tasks: Sequence[str],
    config: DataConfig,
    where: str,
    *,
    needs_all: bool,
) -> list[float]:
    """One sample's K labels in the user's units; NaN where missing.

    Args:
        labels: Label name (`<task>_score`) to value.
        tasks: The schema's tasks.
        config: The valid range and the value that means missing.
        where: Names the sample in errors.
        needs_all: Whether every task must be named; else one that is not is missing.
    """
    names = [task + LABEL_SUFFIX for task in tasks]
    _same_names(labels, names, f"{where}: label", needs_all=needs_all)
    return [
        _label(labels[name], config, f"{where}, label {name!r}") if name in labels else math.nan
        for name in names
    ]


def _label(value: object, config: DataConfig, where: str) -> float:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where} is a {type(value).__name__}, expected a number")
    label = float(value)
    tolerance = LABEL_TOLERANCE * max(1.0, abs(config.missing_label))
    if math.isnan(label) or abs(label - config.missing_label) <= tolerance:
        return math.nan
    if not config.label_min - LABEL_TOLERANCE <= label <= config.label_max + LABEL_TOLERANCE:
        raise DataError(
            f"{where} is {label:g}, expected a value in [{config.label_min:g}, "
            f"{config.label_max:g}], or {config.missing_label:g} or NaN where it is missing"
        )
    return label


def _numeric(array: object, where: str) -> npt.NDArray[Any]:
    if not isinstance(array, np.ndarray):
        raise DataError(f"{where} is a {type(array).__name__}, expected a NumPy array of numbers")
    if array.dtype.kind not in "fiub":
        raise DataError(f"{where} is an array of type {array.dtype}, expected numbers")
    return array


def _task(label: str, where: str) -> str:
    task = label.removesuffix(LABEL_SUFFIX)
    if task in (label, ""):
        raise DataError(
            f"{where}: label {label!r} does not end in {LABEL_SUFFIX!r}; "
            f"rename it to {label + LABEL_SUFFIX if task else 'task' + LABEL_SUFFIX!r}"
        )
    return task


def _checked_names(named: Mapping[Any, Any], what: str) -> Mapping[str, Any]:
    """Names become file names and dotted settings, so they hold neither slashes nor dots."""
    for name in named:
        if not isinstance(name, str) or _NAME.match(name) is None:
            raise DataError(
                f"{what} name {str(name)[:80]!r}, expected up to 64 letters, digits, '_' and '-'"
            )
    return named


def _same_names(
    got: Mapping[str, object], expected: Sequence[str], what: str, *, needs_all: bool = True
) -> None:
    for name in expected:
        if needs_all and name not in got:
            raise DataError(f"{what} {name!r} is missing, got {_names(got)}; every sample needs it")
    for name in got:
        if name not in expected:
            raise DataError(
                f"{what} {str(name)[:80]!r} is unknown, expected {_names(expected)}; "
                "every sample must have the same ones"
            )


def _names(named: Iterable[object]) -> str:
    shown = [str(name)[:64] for name in named]
    return repr(shown[:20]) if shown else "none"
