"""The cause of an error that matters to a user: a full disk, wherever in the chain it stands."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_SQLITE_FULL: Final = "database or disk is full"
_ROOM: Final = 2**16
"""Bytes without which a file or a database cannot grow by a page or two."""


def full_disk(error: BaseException) -> str | None:
    """Says of which kind a full disk is, if that is what an error comes from; else `None`.

    Libraries raise errors of their own from the first one, and clean-ups fail for the same reason.
    """
    for link in chain(error):
        if isinstance(link, OSError) and link.errno in _NO_SPACE:
            place = f" ({link.filename})" if link.filename else ""
            return f"{link.strerror}{place}"
        if _SQLITE_FULL in str(link):
            return _SQLITE_FULL
    return None


def describe(error: BaseException) -> str:
    """The cause of an error in one line: a full disk, else the error's type and first line."""
    text = str(error).strip()
    named = f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
    return full_disk(error) or named


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room left."""
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__
