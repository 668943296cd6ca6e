"""Standard output and error that take whatever is printed, and remember what was lost.

A command's work does not end because its words find no reader: a closed terminal, a pipe whose reader has
gone, a full disk. The exit status says what was lost. Characters that an encoding lacks are written
as plain ones that say the same.
"""

import codecs
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final, TextIO, cast

from avq_core.errors import ConfigError

_ERRORS: Final = "avq-plain"
_PLAIN: Final = {
    "²": "2", "±": "+/-", "·": "-", "×": "x", "−": "-", "–": "-", "—": "-", "…": "...", "ρ": "rho",
    "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip


def plain(text: str) -> str:
    """Text in ASCII: typographic characters as plain ones that say the same, any other escaped."""
    return "".join(
        _PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in text
    )


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    """An error handler of codecs: `plain` for what an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


codecs.register_error(_ERRORS, _replace)


def in_encoding(text: str, encoding: str) -> str:
    """Text with plain characters in place of those that an encoding lacks."""
    return text.encode(encoding, _ERRORS).decode(encoding)


class _Lasting(io.RawIOBase):
    """Writes to a descriptor until it fails; from then on it takes everything and writes nothing."""

    def __init__(self, raw: io.FileIO, *, was_closed: bool) -> None:
        self._raw = raw
        self.name = raw.name
        self.was_closed = was_closed
        self.failure: OSError | None = None

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Writes all of the data."""
        rest = memoryview(data).cast("B")
        while len(rest) and self.failure is None:
            try:
                count = self._raw.write(rest)
                if count is None:  # a pipe that does not block, and is full
                    select.select([], [self._raw], [])
                rest = rest[count or 0 :]
            except OSError as error:
                self.failure = error
        return len(data)

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._raw.isatty()


def keep_outputs() -> None:
    """Replaces standard output and error by ones that last, for the rest of the process.

    A stream that is no descriptor's, such as a test's, stays as it is. A closed descriptor is opened on
    the null device. Otherwise the next file to be opened would get its number, and what libraries print
    would end up in that file.
    """
    _open_closed()
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)


@contextmanager
def lasting_outputs() -> Iterator[None]:
    """Does what `keep_outputs` does, for the time of a block."""
    before = sys.stdout, sys.stderr
    keep_outputs()
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def undelivered() -> OSError | None:
    """Why something that was printed on standard output did not arrive; `None` where all did."""
    sys.stdout.flush()
    raw = _raw(sys.stdout)
    return raw.failure if isinstance(raw, _Lasting) else None


def check_stdout() -> None:
    """Checks that there is a standard output, for a command that was asked to write its result there.

    Raises:
        ConfigError: The command was started with it closed.
    """
    raw = _raw(sys.stdout)
    if sys.stdout is None or (isinstance(raw, _Lasting) and raw.was_closed):
        raise ConfigError("--out is -, but standard output is closed; name a file")


def _raw(stream: object) -> object:
    """What writes a text stream's bytes: below its buffer, where it has one."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)


def _lasting(stream: TextIO | None, descriptor: int) -> TextIO:
    raw = io.FileIO(descriptor, "w", closefd=False) if stream is None else _raw(stream)
    if not isinstance(raw, io.FileIO):
        assert stream is not None
        return stream
    lasting = _Lasting(raw, was_closed=stream is None)
    if stream is None:
        return io.TextIOWrapper(_buffered(lasting), encoding="utf-8", errors=_ERRORS)
    with suppress(OSError):  # it fails again, and is remembered
        stream.flush()
    # Python run with -u has no buffer there.
    unbuffered = isinstance(stream, io.TextIOWrapper) and stream.write_through
    return io.TextIOWrapper(
        cast("BinaryIO", lasting) if unbuffered else _buffered(lasting),
        encoding=stream.encoding,
        errors=_ERRORS,
        line_buffering=isinstance(stream, io.TextIOWrapper) and stream.line_buffering,
        write_through=unbuffered,
    )


def _buffered(lasting: _Lasting) -> io.BufferedWriter:
    return io.BufferedWriter(cast("io.FileIO", lasting))


def _open_closed() -> None:
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(
                os.devnull, os.O_RDWR
            )  # gets the lowest free number, which is this one
            os.set_inheritable(opened, True)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
