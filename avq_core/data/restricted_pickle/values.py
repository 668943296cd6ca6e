"""What a pickle may put on the machine's stack besides plain values."""

from collections.abc import Callable
from typing import Any, Final, Self

from avq_core.errors import DataError

SMALL, DICT, SET, LIST, ENTRY, SLOT = 56, 80, 232, 72, 112, 16
"""Bytes that an object, and a place in a container, take in CPython, rounded up."""
KEY_TYPES: Final = frozenset({str, bytes, bool, float, type(None)})
_LARGEST_KEY: Final = 2**63


class MalformedError(ValueError):
    """A pickle that no pickler writes."""


class Call:
    """Stands for one name that a pickle may use. Unlike a function or class, it has no state."""

    __slots__ = ("_call",)
    __hash__ = None  # type: ignore[assignment]
    _call: Callable[..., object]

    def __init__(self, call: Callable[..., object]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *arguments: object) -> object:
        """What the name does."""
        return self._call(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name!r} of a name cannot be altered")


class Stateful:
    """What a pickle first makes and then tells its state."""

    __slots__ = ("place",)
    place: int | None
    """Where the memo keeps it."""

    def __init__(self) -> None:
        self.place = None

    def __setstate__(self, state: object) -> None:
        """Takes the state, whatever it is, and checks it."""
        raise NotImplementedError

    def resolve_now(self) -> Any:
        """What the memo and the stack are to hold from now on."""
        return self


class LongText:
    """Long text, kept as bytes: mostly it is an array in disguise (protocols 0 to 2)."""

    __slots__ = ("_raw", "_text")
    __hash__ = None  # type: ignore[assignment]
    LEAST: Final = 1 << 10
    """Bytes; shorter text is made at once."""

    def __init__(self, raw: bytes, text: str | None = None) -> None:
        self._raw, self._text = raw, text

    @classmethod
    def of(cls, text: str) -> Self:
        """Text that was read.

        Raises:
            DataError: A megabyte and more of it beyond Latin-1, where every character takes two or
                four bytes for the sake of one.
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
        """Its characters as bytes, one to one."""
        return self._raw if self._text is None else self._text.encode("latin1")

    def text(self) -> str:
        """As text."""
        return str(self._raw, "latin1") if self._text is None else self._text


def cost_of(argument: Any) -> int:
    """Bytes that a call may take to copy an argument, or time to walk through it."""
    if isinstance(argument, bytes | bytearray | str | LongText):
        return len(argument)
    return ENTRY * len(argument) if isinstance(argument, list | tuple) else 0


def checked_key(key: Any) -> Any:
    """A key of a dict or a member of a set, which must be plain.

    Keys are hashed. The hash of a tuple of tuples of tuples ends in a crash of the interpreter; that
    of a large integer is easily made to be another's, until a dict takes hours to fill.
    """
    if isinstance(key, LongText):
        return key.text()
    if type(key) in KEY_TYPES or (type(key) is int and -_LARGEST_KEY <= key < _LARGEST_KEY):
        return key
    raise DataError(
        f"it uses a {type(key).__name__} as a key, expected names and numbers of at most 64 bits"
    )
