"""Groups from the ids of samples, as public sets write them."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import DataError

Array = npt.NDArray[Any]
Rows = Sequence[Any] | Array
"""An array, or a list, of one item a sample."""
_SEGMENT: Final = re.compile(r"(.+?)(?:\$_\$\d+|\[\d+\])\Z", re.DOTALL)
"""Ids that name a video and a segment of it: `video$_$3` (MMSA), `video[3]` (CMU-MOSI)."""


def is_ids(rows: Rows) -> bool:
    """Whether rows can be ids: text, bytes or whole numbers, or a few of them each.

    Floats and arrays of more than two axes are values of a stream or of labels, whatever their name.
    """
    if isinstance(rows, np.ndarray):
        return rows.ndim <= 2 and rows.dtype.kind in "USOiu"
    return not all(_is_value(row) for row in rows)


def _is_value(row: Any) -> bool:
    first = row[0] if isinstance(row, tuple | list) and row else row
    if isinstance(first, np.ndarray):
        return first.ndim > 1 or first.dtype.kind == "f"
    return isinstance(first, float | np.floating)


def groups_of(
    ids: Rows, *, name: str, explicit: bool, where: str
) -> tuple[list[str] | None, list[str]]:
    """The group of each sample from its id, and lines for the user.

    Args:
        ids: One a sample, or a row of parts.
        name: The array's name.
        explicit: Whether the layout says that these are groups.
        where: The split's name in errors.

    Returns:
        Names of groups, `None` where the ids name none.

    Raises:
        DataError: The array has more than two axes, or an id is neither text nor a number.
    """
    if isinstance(ids, np.ndarray) and ids.ndim > 2:
        raise DataError(
            f"{where}: {name} has shape {ids.shape}, expected one id a sample; name another array "
            "under `keys: {group: ...}` of `layout`"
        )
    rows = [_parts(row) for row in ids]
    names = [_text(row[0], where) for row in rows]
    if explicit:
        return names, []
    matches = [_SEGMENT.match(text) for text in names]
    if all(matches):
        return [match[1] for match in matches if match is not None], [
            f"groups are from {name}: {names[0]!r} is of {matches[0][1]!r}"  # type: ignore[index]
        ]
    if any(len(row) > 1 for row in rows):
        return names, [f"{name} has several parts; the first is the group"]
    if len(set(names)) < len(names):
        return names, [f"samples with the same {name} are of one group"]
    return None, [
        f"{name} such as {names[0][:40]!r} names no groups; `keys: {{group: ...}}` in --layout can"
    ]


def _parts(row: Any) -> Sequence[Any]:
    """The parts of an id."""
    if isinstance(row, np.ndarray):
        row = row.reshape(-1).tolist()
    return row if isinstance(row, tuple | list) and row else [row]


def _text(item: Any, where: str) -> str:
    """An id as text."""
    value = item.item() if isinstance(item, np.generic) else item
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise DataError(
                f"{where}: an id is bytes that are not UTF-8; write it as str"
            ) from None
    if not isinstance(value, str | int | float):
        raise DataError(f"{where}: an id is a {type(value).__name__}, expected text or a number")
    return str(value)
