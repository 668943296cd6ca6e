"""Reads data files of plain arrays, `.npz` and `.safetensors`, into the samples of a pickle.

Names in the file: `<split>/features/<stream>` (N, T, D) or (N, D), `<split>/labels/<label>` (N,),
and optionally `<split>/group` (N,), `<split>/frames` (N,) and `<split>/present/<stream>` (N,). Without
the prefix `<split>/` the file is one set of samples to predict. docs/data.md describes all of it.

Shapes: N samples, T frames of the longest sample, D columns of a stream.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from avq_core.data.files import npz as npz_file
from avq_core.data.files import safetensors as safetensors_file
from avq_core.errors import DataError

Arrays = Mapping[str, npt.NDArray[Any]]
Sample = dict[str, Any]

SUFFIXES: Final = (".npz", ".safetensors")
_NAMES: Final = "expected [SPLIT/]features/STREAM, labels/LABEL, group, frames and present/STREAM (docs/data.md)"


def reads(path: Path) -> bool:
    """Whether a file is of arrays by name, judged by its suffix."""
    return path.suffix.lower() in SUFFIXES


def load(path: Path) -> dict[str, list[Sample]] | list[Sample]:
    """Reads a file of arrays.

    Args:
        path: `.npz`, or `.safetensors` with any text in a `.json` file of the same name.

    Returns:
        Split to samples, `{"features": {stream: array}, "labels": {label: number}, "group": name}`;
        a single list if the file names no split. Arrays are views of what was read.

    Raises:
        DataError: The file is missing or damaged, or its names and shapes do not fit together.
    """
    try:
        arrays = (
            npz_file.read(path) if path.suffix.lower() == ".npz" else safetensors_file.read(path)
        )
        splits: dict[str, dict[tuple[str, str], npt.NDArray[Any]]] = {}
        for name, array in arrays.items():
            split, part = _parsed(name)
            splits.setdefault(split, {})[part] = array
        if not splits:
            raise DataError(f"it holds no arrays, {_NAMES}")
        if "" in splits and len(splits) > 1:
            raise DataError(f"it holds samples with and without a split, {_NAMES}")
        samples = {split: _samples(split, parts) for split, parts in splits.items()}
    except FileNotFoundError:
        raise DataError(
            f"no such file: {path}; name a data file, or `demo` for the built-in demo set"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(
            f"{path} needs more memory than this machine has; split it, or use another machine"
        ) from error
    except DataError as error:
        raise DataError(f"{path} was not read: {error}") from None
    return samples.get("", samples)


def _parsed(name: str) -> tuple[str, tuple[str, str]]:
    """Splits an array's name into split, part, and stream or label."""
    words = name.split("/")
    for split, rest in (("", words), (words[0], words[1:])):
        if len(rest) == 2 and rest[0] in ("features", "labels", "present") and all(rest):
            return split, (rest[0], rest[1])
        if len(rest) == 1 and rest[0] in ("group", "frames"):
            return split, (rest[0], "")
    raise DataError(f"it holds an array called {name[:80]!r}, {_NAMES}")


def _samples(split: str, parts: Mapping[tuple[str, str], npt.NDArray[Any]]) -> list[Sample]:
    """The N samples of a split, from its arrays by part and name."""
    where = f"{split}/" if split else ""
    features = {name: array for (part, name), array in parts.items() if part == "features"}
    if not features:
        raise DataError(f"it holds no {where}features, {_NAMES}")
    for name, array in features.items():
        if array.ndim not in (2, 3):
            raise DataError(
                f"{where}features/{name} has shape {array.shape}, expected (samples, frames, "
                "columns) or, for a clip-level stream, (samples, columns)"
            )
    num = len(next(iter(features.values())))
    for (part, name), array in parts.items():
        _check_column(f"{where}{part}{'/' if name else ''}{name}", part, array, num)
    frames = _checked_frames(parts.get(("frames", "")), features, where)
    present = {name: array for (part, name), array in parts.items() if part == "present"}
    for name in present:
        if name not in features:
            raise DataError(f"it holds {where}present/{name} without {where}features/{name}")
    labels = {name: array.tolist() for (part, name), array in parts.items() if part == "labels"}
    groups = _groups(parts.get(("group", "")), where)
    return [
        {
            "features": {
                name: array[row, : frames[row]] if array.ndim == 3 else array[row]
                for name, array in features.items()
                if name not in present or present[name][row]
            },
            "labels": {name: values[row] for name, values in labels.items()},
            **({} if groups is None or groups[row] == "" else {"group": groups[row]}),
        }
        for row in range(num)
    ]


_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "features": ("fiub", "numbers"),
    "labels": ("fiu", "numbers"),
    "group": ("iuUS", "names or whole numbers"),
    "frames": ("iu", "whole numbers"),
    "present": ("b", "True and False"),
}


def _check_column(where: str, part: str, array: npt.NDArray[Any], num: int) -> None:
    """Checks type and number of rows of one array of a split."""
    kinds, expected = _KINDS[part]
    if array.dtype.kind not in kinds:
        raise DataError(f"{where} is of type {array.dtype}, expected {expected}")
    wrong_axes = part != "features" and array.ndim != 1
    if wrong_axes or len(array) != num:
        rest = ", ..." if part == "features" else ","
        raise DataError(
            f"{where} has shape {array.shape}, expected ({num}{rest}), one row a sample"
        )


def _checked_frames(
    frames: npt.NDArray[Any] | None, features: Arrays, where: str
) -> list[int | None]:
    """Number of real frames of each sample; `None` where all are real."""
    num = len(next(iter(features.values())))
    if frames is None:
        return [None] * num
    longest = min((array.shape[1] for array in features.values() if array.ndim == 3), default=1)
    if num and (int(frames.min()) < 1 or int(frames.max()) > longest):
        raise DataError(
            f"{where}frames holds {frames.min()} to {frames.max()}, expected 1 to the {longest} "
            "frames that the streams have"
        )
    return [int(count) for count in frames]


def _groups(column: npt.NDArray[Any] | None, where: str) -> list[str | int] | None:
    """The group of each sample, a name or a number; empty text for a sample without one."""
    if column is None:
        return None
    try:
        groups = [name.decode() if isinstance(name, bytes) else name for name in column.tolist()]
        for name in groups:
            str(name).encode()
    except (ValueError, SystemError):  # NumPy raises SystemError for invalid characters
        raise DataError(f"{where}group holds text that is not UTF-8; write it as str") from None
    return groups
