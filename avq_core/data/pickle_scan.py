"""A look through a pickle's opcodes before it is read: lengths and places that it claims.

The reader reserves memory for what a pickle claims to hold before it looks whether it is there. One
wrong byte in a file can so ask for all of the machine's memory. This walk takes a fraction of a
second, because it steps over the arrays.
"""

import pickletools
from typing import BinaryIO, Final

from avq_core.errors import DataError

_LENGTH_BYTES: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_LINE: Final = 0
_FIXED: Final = 1
_COUNTED: Final = 2


def _plan(opcode: pickletools.OpcodeInfo) -> tuple[int, int]:
    """How to step over an opcode's argument: a kind, and a number of bytes or lines."""
    if opcode.arg is None:
        return _FIXED, 0
    if opcode.arg.n == pickletools.UP_TO_NEWLINE:
        return _LINE, 2 if opcode.name in ("GLOBAL", "INST") else 1
    if opcode.arg.n in _LENGTH_BYTES:
        return _COUNTED, _LENGTH_BYTES[opcode.arg.n]
    return _FIXED, opcode.arg.n


_PLANS: Final = {opcode.code.encode("latin1"): _plan(opcode) for opcode in pickletools.opcodes}
_FRAME: Final = b"\x95"
_STOP: Final = b"."
_PUT_LINE: Final = b"p"
_PUTS: Final = (b"q", b"r")


def check_claims(stream: BinaryIO, size: int) -> None:
    """Walks to the end of the pickle, and leaves the stream there.

    Args:
        stream: Buffered, at the pickle's start.
        size: Of the file, in bytes.

    Raises:
        DataError: A length beyond the file, a place in the memo that no writer would choose, an
            unknown opcode, or no end.
    """
    steps = 0
    while (code := stream.read(1)) != _STOP:
        steps += 1
        if code not in _PLANS:
            raise DataError(f"unknown opcode {code!r}" if code else "it ends too early")
        kind, count = _PLANS[code]
        if kind == _LINE:
            lines = [stream.readline() for _ in range(count)]
            if code == _PUT_LINE:
                place = lines[0].strip()
                _check_place(int(place) if place.isdigit() and len(place) < 12 else -1, steps)
        elif kind == _COUNTED:
            _skip(stream, int.from_bytes(stream.read(count), "little"), size)
        elif count:
            argument = int.from_bytes(stream.read(count), "little")
            if code in _PUTS:
                _check_place(argument, steps)
            elif code == _FRAME and argument > size:
                raise DataError("it claims to be longer than the file")


def _check_place(place: int, steps: int) -> None:
    # Writers number what they remember one by one, so that no number is above the steps.
    if not 0 <= place <= steps:
        raise DataError("its memo is out of order")


def _skip(stream: BinaryIO, length: int, size: int) -> None:
    if length < 256:
        stream.read(length)  # seeking costs more
        return
    if stream.tell() + length > size:
        raise DataError("it claims to be longer than the file")
    stream.seek(length, 1)
