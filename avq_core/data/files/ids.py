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


def groups_of(
    ids: Rows | None, *, explicit: bool, where: str
) -> tuple[list[str] | None, list[str]]:
    """The group of each sample from its id, and lines for the user.

    Args:
        ids: One a sample; `None` for no ids.
        explicit: Whether the layout says that these are groups.
        where: The split's name in errors.

    Returns:
        Names of groups, `None` where the ids name none.

    Raises:
        DataError: An id is neither text nor a number.
    """
    if ids is None:
        return None, []
    if isinstance(ids, np.ndarray) and ids.ndim > 1:
        return [_text(row.reshape(-1)[0], where) for row in ids], [
            "an id has several parts; the first is the group"
        ]
    names = [_text(item, where) for item in (ids.tolist() if isinstance(ids, np.ndarray) else ids)]
    if explicit:
        return names, []
    matches = [_SEGMENT.match(name) for name in names]
    if all(matches):
        return [match[1] for match in matches if match is not None], [
            f"groups are from ids: {names[0]!r} is of {matches[0][1]!r}"  # type: ignore[index]
        ]
    if len(set(names)) < len(names):
        return names, ["samples with the same id are of one group"]
    return None, [
        f"ids such as {names[0][:40]!r} name no groups; `keys: {{group: ...}}` in --layout can"
    ]


def _text(item: Any, where: str) -> str:
    """An id as text."""
    value = item.item() if isinstance(item, np.generic) else item
    if isinstance(value, tuple | list) and value:
        value = value[0]
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
