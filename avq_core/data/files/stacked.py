"""Reads the layout of public sets (MMSA, MulT): each split is a dict of arrays, one row a sample.

    {"train": {"audio": (N, T, D), "vision": (N, T, D), "audio_lengths": (N,), "id": (N,),
               "regression_labels": (N,), ...}, "valid": {...}, "test": {...}}

Shapes: N samples, T frames of the longest sample, D columns of a stream.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from avq_core.config.data import DataConfig
from avq_core.data.files.align import align
from avq_core.data.files.ids import Array, Rows, groups_of, is_ids
from avq_core.data.files.layout import Names, shown
from avq_core.errors import DataError

Sample = dict[str, Any]

_LENGTHS: Final = "_lengths"
_LABEL: Final = re.compile(r"(?:(?P<kind>\w+)_)?labels?(?P<part>_\w+)?\Z")
_IDS: Final = ("group", "groups", "speaker", "video", "id", "ids")
"""Names of arrays that can name groups, the one that is meant for it first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stacked:
    """The samples of one split, and how they were read."""

    samples: list[Sample]
    """As in `ac.pkl`."""
    ignored: tuple[str, ...]
    """Arrays that were left out because the layout says so."""
    notes: tuple[str, ...]
    """Lines for the user."""


def is_stacked(split: object) -> bool:
    """Whether a split is a dict of arrays or lists, and not one of samples."""
    if not isinstance(split, dict):
        return False
    columns = [rows for value in split.values() if (rows := _rows(value)) is not None]
    return bool(columns) and not any(isinstance(rows[0], dict) for rows in columns if len(rows))


def read_stacked(split: Mapping[Any, Any], names: Names, config: DataConfig, where: str) -> Stacked:
    """The samples of a split that is a dict of arrays.

    Args:
        split: The file's name to array.
        names: Names of the parts of a sample.
        config: Says which arrays are tasks, and which to ignore.
        where: The split's name in errors.

    Raises:
        DataError: There is no stream, or arrays differ in their number of rows.
    """
    parts = _Parts(config)
    left: dict[str, str] = {}
    for name, value in split.items():
        reason = parts.take(str(name), value)
        if reason is not None:
            left[str(name)] = reason
    if not parts.streams:
        raise DataError(
            f"{where} is a dict of {shown(split)} without a stream, expected arrays of numbers "
            "(samples, frames, columns); docs/data.md has this layout and others"
        )
    num = len(next(iter(parts.streams.values())))
    named = [*parts.streams.items(), *parts.labels.items(), *parts.lengths.items()]
    for name, rows in [*named, *parts.ids.items()]:
        if len(rows) != num:
            raise DataError(
                f"{where}: {name} has {len(rows)} rows, expected {num}, one for each sample, as "
                f"{next(iter(parts.streams))} has"
            )
    frames, notes = _frames(parts, num, where)
    groups, about_groups = _groups(parts.ids, explicit="group" in config.keys, where=where)
    if left:
        shown_left = ", ".join(f"{name} ({reason})" for name, reason in left.items())
        notes.append(f"left out: {shown_left}")
    features = [
        {
            name: _cut(rows[row], frames[name][row])
            for name, rows in parts.streams.items()
            if frames[name][row] != 0
        }
        for row in range(num)
    ]
    notes += align(features)
    return Stacked(
        samples=[
            {
                names.features: features[row],
                names.labels: {name: values[row].item() for name, values in parts.labels.items()},
                **({} if groups is None else {names.group: groups[row]}),
            }
            for row in range(num)
        ],
        ignored=tuple(parts.ignored),
        notes=(*about_groups, *notes),
    )


def _groups(
    ids: Mapping[str, Rows], *, explicit: bool, where: str
) -> tuple[list[str] | None, list[str]]:
    """Groups from the first array of ids that names some, in the order of `_IDS`."""
    about: list[str] = []
    for name in sorted(ids, key=lambda each: _IDS.index(each) if each in _IDS else 0):
        groups, notes = groups_of(ids[name], explicit=explicit, where=where, name=name)
        if groups is not None:
            others = ", ".join(other for other in ids if other != name)
            return groups, [f"{note} ({others} not used)" if others else note for note in notes]
        about += notes
    return None, about


class _Parts:
    """The arrays of a split by what they are."""

    def __init__(self, config: DataConfig) -> None:
        self.streams: dict[str, Rows] = {}
        self.labels: dict[str, Array] = {}
        self.lengths: dict[str, Array] = {}
        self.ids: dict[str, Rows] = {}
        self.ignored: list[str] = []
        self._explicit = "group" in config.keys
        self._ids = (config.keys["group"],) if self._explicit else _IDS
        self._tasks = frozenset(config.tasks.values())
        self._ignore = frozenset(config.ignore)

    def take(self, name: str, value: object) -> str | None:
        """Files an array where it belongs; otherwise says why it is left out."""
        rows = _rows(value)
        if name in self._ignore:
            self.ignored.append(name)
            return None
        if rows is None:
            return f"a {type(value).__name__}"
        if name in self._ids and (self._explicit or is_ids(rows)):
            self.ids[name] = rows
            return None
        return self._take_numbers(name, rows, _numbers(rows))

    def _take_numbers(self, name: str, rows: Rows, array: Array | None) -> str | None:
        if name.endswith(_LENGTHS) and array is not None and array.size == len(array):
            self.lengths[name.removesuffix(_LENGTHS)] = array.reshape(-1)
            return None
        match = _LABEL.match(name)
        if match or name in self._tasks:
            return self._take_label(name, match, array)
        if name.endswith("_bert"):
            return "token numbers, not frames"
        if array is not None and array.ndim in (2, 3):
            self.streams[name] = array
            return None
        if array is None and all(isinstance(r, np.ndarray) and r.ndim == 2 for r in rows):
            self.streams[name] = rows  # a list of arrays of different lengths
            return None
        return "no numbers" if array is None else f"shape {array.shape}"

    def _take_label(
        self, name: str, match: "re.Match[str] | None", array: Array | None
    ) -> str | None:
        chosen = name in self._tasks
        kind = match["kind"] if match is not None else None
        if not chosen and kind not in (None, "regression"):
            return "not a regression label; name it under `tasks` of `layout` to train it"
        if array is None or array.size != len(array):
            shape = "text" if array is None else f"shape {array.shape}"
            return f"{shape}, expected one number a sample"
        ours = name if chosen or match is None else f"overall{match['part'] or ''}_score"
        self.labels[ours] = array.reshape(-1).astype(np.float64)
        return None


def _rows(value: object) -> Rows | None:
    """An array or a list, whose items are rows; `None` for anything else."""
    if isinstance(value, np.ndarray):
        return value if value.ndim else None
    return value if isinstance(value, list | tuple) and value else None


def _numbers(rows: Rows) -> Array | None:
    """Rows as one array of numbers; `None` where they are text or differ in shape."""
    if isinstance(rows, np.ndarray):
        return rows if rows.dtype.kind in "fiu" else None
    shapes = {row.shape if isinstance(row, np.ndarray) else () for row in rows}
    plain = all(isinstance(row, int | float | np.ndarray) for row in rows)
    if not plain or len(shapes) > 1:
        return None
    array = np.stack([np.asarray(row) for row in rows])
    return array if array.dtype.kind in "fiu" else None


def _frames(parts: _Parts, num: int, where: str) -> tuple[dict[str, list[int | None]], list[str]]:
    """Real frames of each sample in each stream, `None` for all of them; and lines for the user."""
    notes: list[str] = []
    frames: dict[str, list[int | None]] = {}
    unequal = {tuple(lengths.tolist()) for lengths in parts.lengths.values()}
    for name, rows in parts.streams.items():
        padded = rows.shape[1] if isinstance(rows, np.ndarray) and rows.ndim == 3 else None
        lengths = parts.lengths.get(name)
        if lengths is None and len(unequal) == 1 and padded is not None:
            # Streams that were aligned have the lengths of each other.
            shared = next(iter(parts.lengths.values()))
            lengths = shared if int(shared.max()) <= padded else None
        if lengths is None or padded is None:
            frames[name] = [None] * num
            continue
        if lengths.dtype.kind not in "iu" or int(lengths.min()) < 0:
            raise DataError(
                f"{where}: {name}{_LENGTHS} holds {lengths.min()}, expected frames >= 0"
            )
        over = int((lengths > padded).sum())
        if over:
            notes.append(f"{name}{_LENGTHS}: {over} of {num} exceed the {padded} frames there are")
        frames[name] = [min(int(length), padded) for length in lengths]
    if not parts.lengths and any(
        isinstance(r, np.ndarray) and r.ndim == 3 for r in parts.streams.values()
    ):
        notes.append(
            "there are no lengths, so padding cannot be told from frames and counts as such"
        )
    return frames, notes


def _cut(row: Any, frames: int | None) -> Any:
    return row if frames is None or row.ndim < 2 else row[:frames]
