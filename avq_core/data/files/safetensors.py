"""Reads `.safetensors` files array by array, and the text in the JSON file beside them.

The format: eight bytes with the length of the header, the header (JSON: name to type, shape and
position), the arrays. The library's own reader maps the file and copies it, which takes twice the memory.
"""

import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import DataError

_TYPES: Final[Mapping[str, str]] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip
_MAX_HEADER_BYTES: Final = 100_000_000
"""The limit that the format sets."""
_MAX_VALUES: Final = 2**59
"""More values of eight bytes each could not be addressed."""
_MEND: Final = "save the data again with safetensors.numpy.save_file"


def read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a file and of the JSON file beside it, by name.

    Raises:
        DataError: The file is damaged, or an array is in both files.
        OSError: A file cannot be read.
    """
    with path.open("rb") as stream:
        size = path.stat().st_size
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
            raise DataError(f"it is not a whole .safetensors file (its header); {_MEND}")
        header = _json(stream.read(length), "its header")
        header.pop("__metadata__", None)
        start = 8 + length
        places = sorted((_place(name, entry, size - start), name) for name, entry in header.items())
        for (before, _), (after, name) in itertools.pairwise(places):
            if after[0] < before[1]:
                raise DataError(f"the array {name[:80]!r} overlaps another; {_MEND}")
        arrays = {
            name: _read_one(stream, start + first, header[name]) for (first, _), name in places
        }
    for name, array in _beside(path.with_suffix(".json")).items():
        if name in arrays:
            raise DataError(
                f"{name!r} is in it and in the JSON file beside it, expected in only one of them"
            )
        arrays[name] = array
    return arrays


def _json(raw: bytes, what: str) -> dict[str, Any]:
    """Parses a JSON object in which no key occurs twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) < len(pairs):
            raise DataError(f"{what} has the same name twice; {_MEND}")
        return keys

    try:
        parsed = json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{what} is not JSON ({str(error)[:60]}); {_MEND}") from error
    if not isinstance(parsed, dict):
        raise DataError(f"{what} holds a {type(parsed).__name__}, expected names; {_MEND}")
    return parsed


def _place(name: str, entry: Any, room: int) -> tuple[int, int]:
    """Where an array's bytes begin and end, checked against its type, its shape and the file."""
    try:
        kind, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = [*shape, first, last]
        sound = isinstance(kind, str) and isinstance(shape, list) and len(shape) <= 16
        sound = sound and all(type(n) is int and 0 <= n < 2**62 for n in numbers)
        # NumPy multiplies the other axes of an empty array, which has no bytes to limit them.
        sound = sound and (0 not in shape or math.prod(max(n, 1) for n in shape) < _MAX_VALUES)
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound or kind not in _TYPES:
        raise DataError(
            f"the array {name[:80]!r} has a malformed header, expected a type of {list(_TYPES)}, a "
            f"shape and a position; {_MEND}"
        )
    if last > room:
        raise DataError(f"it ends before its array {name[:80]!r} does; {_MEND}")
    if last - first != math.prod(shape) * np.dtype(_TYPES[kind]).itemsize:
        raise DataError(
            f"the array {name[:80]!r} claims shape {tuple(shape)} of {kind}, which are not the "
            f"{last - first} bytes that it has; {_MEND}"
        )
    return first, last


def _read_one(stream: BinaryIO, start: int, entry: Mapping[str, Any]) -> npt.NDArray[Any]:
    stream.seek(start)
    count = math.prod(entry["shape"])
    array = np.fromfile(stream, _TYPES[entry["dtype"]], count)
    if len(array) != count:
        raise DataError(f"it ends too early; {_MEND}")
    if entry["dtype"] == "BOOL":
        array = array.view(np.uint8) != 0
    if entry["dtype"] == "BF16":  # the upper half of a float32
        wide = array.astype(np.uint32)
        wide <<= 16
        array = wide.view(np.float32)
    return array.reshape(entry["shape"])


def _beside(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Arrays by name from the JSON file beside the tensors; none if there is no such file.

    The file holds `{split: {"group": [...], "labels": {name: [...]}}}`, or the same without splits.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    content = _json(raw, path.name)
    arrays: dict[str, npt.NDArray[Any]] = {}
    # A split may be called `group` or `labels` too, but then it does not hold lists directly.
    has_no_splits = isinstance(content.get("group"), list) or any(
        isinstance(column, list) for column in _dict(content.get("labels")).values()
    )
    for split, parts in [("", content)] if has_no_splits else content.items():
        if not isinstance(parts, dict):
            raise _unexpected(path, split)
        for part, value in parts.items():
            name = f"{split}/{part}" if split else part
            if part == "labels" and isinstance(value, dict):
                for label, column in value.items():
                    arrays[f"{name}/{label}"] = _numbers(column, f"{path.name}: {name}/{label}")
            elif part == "group" and isinstance(value, list):
                arrays[name] = _texts(value, f"{path.name}: {name}")
            else:
                raise _unexpected(path, name)
    return arrays


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unexpected(path: Path, name: str) -> DataError:
    return DataError(
        f"{path.name} holds {name[:80]!r}, expected SPLIT/group, a list, and SPLIT/labels, lists "
        "by name"
    )


def _texts(column: list[Any], where: str) -> npt.NDArray[np.str_]:
    for name in column:
        if name is not None and type(name) not in (str, int):
            raise DataError(
                f"{where} holds a {type(name).__name__}, expected names, whole numbers and nulls"
            )
    return np.array(["" if name is None else str(name) for name in column], np.str_)


def _numbers(column: Any, where: str) -> npt.NDArray[np.float64]:
    kinds = (int, float, type(None))
    if not isinstance(column, list) or any(type(value) not in kinds for value in column):
        raise DataError(f"{where} is not a list of numbers and nulls")
    try:
        return np.array([math.nan if value is None else float(value) for value in column])
    except OverflowError:
        raise DataError(f"{where} holds a number of over 300 digits, expected a label") from None
