"""The values besides plain ones that the machine may put on its stack, and their memory cost."""

from collections.abc import Callable
from typing import Any, Final, Self

from avq_core.errors import DataError

SMALL, DICT, SET, LIST, ENTRY, SLOT = 56, 80, 232, 72, 112, 16
"""Bytes that objects and container entries take in CPython, rounded up."""
KEY_TYPES: Final = frozenset({str, bytes, bool, float, type(None)})
_MAX_KEY: Final = 2**63


class MalformedError(ValueError):
    """The pickle is damaged: no pickler writes it like this."""


class Call:
    """Stands in for a name that a pickle may use. Unlike a function or class, it has no state."""

    __slots__ = ("_call",)
    __hash__ = None  # type: ignore[assignment]
    _call: Callable[..., object]

    def __init__(self, call: Callable[..., object]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *arguments: object) -> object:
        """Does what the name stands for."""
        return self._call(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name!r} of a name cannot be altered")


class Stateful:
    """An object that a pickle creates first, and whose state it sets afterwards."""

    __slots__ = ("place",)
    place: int | None
    """Its index in the memo."""

    def __init__(self) -> None:
        self.place = None

    def __setstate__(self, state: object) -> None:
        """Checks the state, which may be anything, and stores it."""
        raise NotImplementedError

    def resolve_now(self) -> Any:
        """The value that replaces this one on the stack and in the memo."""
        return self


class LongText:
    """Long text, kept as bytes, since it is mostly an array written as text (protocols 0 to 2)."""

    __slots__ = ("_raw", "_text")
    __hash__ = None  # type: ignore[assignment]
    MIN_BYTES: Final = 1 << 10
    """Shorter text becomes a `str` at once."""

    def __init__(self, raw: bytes, text: str | None = None) -> None:
        self._raw, self._text = raw, text

    @classmethod
    def of(cls, text: str) -> Self:
        """Keeps a text that was read.

        Raises:
            DataError: It has over a million characters and is not Latin-1, so that each character
                would take two or four bytes.
        """
        try:
            return cls(text.encode("latin1"))
        except UnicodeEncodeError:
            if len(text) > 1 << 20:
                raise DataError(
                    f"it holds a text of {len(text):,} characters that is neither prose nor an "
                    "array; leave it out of the data"
                ) from None
            return cls(b"", text)

    def __len__(self) -> int:
        return len(self._raw if self._text is None else self._text)

    def latin1(self) -> bytes:
        """The text as bytes, one for each character."""
        return self._raw if self._text is None else self._text.encode("latin1")

    def text(self) -> str:
        """The text as a `str`."""
        return str(self._raw, "latin1") if self._text is None else self._text


def cost_of(argument: Any) -> int:
    """The cost in bytes of copying an argument or iterating over it."""
    if isinstance(argument, bytes | bytearray | str | LongText):
        return len(argument)
    return ENTRY * len(argument) if isinstance(argument, list | tuple) else 0


def checked_key(key: Any) -> Any:
    """Checks a key of a dict or a member of a set, which must be a plain value.

    Keys are hashed. Hashing deeply nested tuples crashes the interpreter, and large integers can be
    chosen to have the same hash, so that filling a dict takes hours.
    """
    if isinstance(key, LongText):
        return key.text()
    if type(key) in KEY_TYPES or (type(key) is int and -_MAX_KEY <= key < _MAX_KEY):
        return key
    raise DataError(
        f"it uses a {type(key).__name__} as a key, expected names and numbers of at most 64 bits"
    )
