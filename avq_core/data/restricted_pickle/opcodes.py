"""The opcodes of pickle protocols 0 to 5, as operations of the machine (see `pickletools` for each)."""

import codecs
import struct
from collections.abc import Callable
from typing import Any, Final, NoReturn

from avq_core.data.restricted_pickle.machine import TOO_MUCH, Machine
from avq_core.data.restricted_pickle.values import (
    DICT,
    ENTRY,
    LIST,
    SET,
    SLOT,
    SMALL,
    LongText,
    MalformedError,
    checked_key,
)
from avq_core.errors import DataError

Handler = Callable[[Machine], object]

_MAX_PROTOCOL: Final = 5
_MAX_NUMBER_BYTES: Final = 1 << 10
"""Limit on the size of an integer; the data contract needs eight bytes."""
_MEND: Final = "save containers, numbers, strings and NumPy arrays only"
_OBJECTS: Final = f"it makes objects of a class, which could run code and was refused; {_MEND}"
_BUFFERS: Final = (
    "its arrays are stored outside the file (out-of-band buffers); save it with pickle.dump without "
    "a buffer_callback"
)


def _refuse(message: str) -> Handler:
    def handler(_machine: Machine) -> NoReturn:
        raise DataError(message)

    return handler


def _proto(m: Machine) -> None:
    if m.number(1) > _MAX_PROTOCOL:
        raise DataError("its protocol is newer than 5; save it again with protocol=5")


def _frame(m: Machine) -> None:
    if m.number(8) > m.size:
        raise MalformedError("it claims to be longer than the file")


def _mark(m: Machine) -> None:
    m.marks.append(m.stack)
    m.stack = []
    m.budget -= LIST


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


def _long(m: Machine, width: int) -> None:
    length = m.number(width)
    if length > _MAX_NUMBER_BYTES:
        raise DataError(f"it holds an integer of {length:,} bytes, which is no data")
    m.push(int.from_bytes(m.read(length), "little", signed=True))


def _int_line(m: Machine) -> None:
    line = m.line()
    m.push({b"00": False, b"01": True}[line] if line in (b"00", b"01") else _decimal(line))


def _decimal(line: bytes) -> int:
    if len(line) > _MAX_NUMBER_BYTES:
        raise DataError(f"it holds an integer of {len(line):,} digits, which is no data")
    return int(line)


def _string_line(m: Machine) -> None:
    line = _whole_line(m).strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise MalformedError("a string is not in quotes")
    _old_text(m, codecs.escape_decode(line[1:-1])[0])


def _text(m: Machine, raw: bytes, encoding: str) -> None:
    text = str(raw, encoding, "surrogatepass" if encoding == "utf-8" else "strict")
    m.push(text if len(raw) <= LongText.MIN_BYTES else LongText.of(text))


def _old_text(m: Machine, raw: bytes) -> None:
    """A string of Python 2, each byte of which becomes one character."""
    m.push(LongText(raw) if len(raw) > LongText.MIN_BYTES else str(raw, "latin1"))


def _tuple(m: Machine, items: list[Any]) -> None:
    m.push(tuple(items), SMALL + SLOT * len(items))


def _unicode_line(m: Machine) -> None:
    _text(m, _whole_line(m), "raw-unicode-escape")


def _whole_line(m: Machine) -> bytes:
    """Reads a line of any length, since protocol 0 writes arrays as text."""
    line = m.stream.readline()
    if not line.endswith(b"\n"):
        raise MalformedError("a line does not end")
    m.budget -= len(line)
    return line[:-1]


def _dict(m: Machine) -> None:
    items = m.pop_mark()
    m.push({}, DICT)
    m.set_items(items)


def _frozenset(m: Machine) -> None:
    items = m.pop_mark()
    m.push(frozenset(map(checked_key, items)), SET + ENTRY * len(items))


def _list(m: Machine) -> None:
    items = m.pop_mark()
    m.push(items, LIST + SLOT * len(items))


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value])


def _tuple_of(count: int) -> Handler:
    def handler(m: Machine) -> None:
        items = [m.pop() for _ in range(count)]
        _tuple(m, items[::-1])

    return handler


def _constant(value: Any) -> Handler:
    return lambda m: m.push(value, SLOT)


def _global(m: Machine) -> None:
    module, name = str(m.line(), "utf-8"), str(m.line(), "utf-8")
    m.push(m.find(module, name), SLOT)


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    m.push(m.find(module, name), SLOT)


def _persistent(m: Machine) -> None:
    m.push(m.persist(m.pop()))


_TABLE: Final[dict[str, Handler]] = {
    "\x80": _proto,
    "\x95": _frame,
    "(": _mark,
    "0": _pop,
    "1": lambda m: m.pop_mark(),
    "2": lambda m: m.push(m.top(), SLOT),
    # Constants and numbers.
    "N": _constant(None),
    "\x88": _constant(True),
    "\x89": _constant(False),
    "I": _int_line,
    "L": lambda m: m.push(_decimal(m.line().removesuffix(b"L"))),
    "J": lambda m: m.push(struct.unpack("<i", m.read(4))[0]),
    "K": lambda m: m.push(m.number(1), SLOT),
    "M": lambda m: m.push(m.number(2)),
    "\x8a": lambda m: _long(m, 1),
    "\x8b": lambda m: _long(m, 4),
    "F": lambda m: m.push(float(m.line())),
    "G": lambda m: m.push(struct.unpack(">d", m.read(8))[0]),
    # Text and bytes.
    "S": _string_line,
    "T": lambda m: _old_text(m, m.read(m.number(4))),
    "U": lambda m: _old_text(m, m.read(m.number(1))),
    "V": _unicode_line,
    "X": lambda m: _text(m, m.read(m.number(4)), "utf-8"),
    "\x8c": lambda m: _text(m, m.read(m.number(1)), "utf-8"),
    "\x8d": lambda m: _text(m, m.read(m.number(8)), "utf-8"),
    "B": lambda m: m.push(m.read(m.number(4))),
    "C": lambda m: m.push(m.read(m.number(1))),
    "\x8e": lambda m: m.push(m.read(m.number(8))),
    "\x96": lambda m: m.push(m.read_bytearray(m.number(8))),
    # Containers.
    "]": lambda m: m.push([], LIST),
    "}": lambda m: m.push({}, DICT),
    ")": lambda m: m.push((), SLOT),
    "\x8f": lambda m: m.push(set(), SET),
    "l": _list,
    "d": _dict,
    "t": lambda m: _tuple(m, m.pop_mark()),
    "\x85": _tuple_of(1),
    "\x86": _tuple_of(2),
    "\x87": _tuple_of(3),
    "\x91": _frozenset,
    "a": lambda m: m.append_items([m.pop()]),
    "e": lambda m: m.append_items(m.pop_mark()),
    "s": _set_item,
    "u": lambda m: m.set_items(m.pop_mark()),
    "\x90": lambda m: m.add_members(m.pop_mark()),
    # Memo.
    "p": lambda m: m.put(_decimal(m.line())),
    "q": lambda m: m.put(m.number(1)),
    "r": lambda m: m.put(m.number(4)),
    "\x94": lambda m: m.put(len(m.memo)),
    "g": lambda m: m.get(_decimal(m.line())),
    "h": lambda m: m.get(m.number(1)),
    "j": lambda m: m.get(m.number(4)),
    # Names and calls.
    "c": _global,
    "\x93": _stack_global,
    "R": lambda m: m.reduce(),
    "b": lambda m: m.build(),
    "Q": _persistent,
    "P": lambda m: m.push(m.persist(str(m.line(), "utf-8"))),
    **dict.fromkeys(("i", "o", "\x81", "\x92"), _refuse(_OBJECTS)),
    **dict.fromkeys(
        ("\x82", "\x83", "\x84"),
        _refuse(f"it uses a registered extension, which could run code and was refused; {_MEND}"),
    ),
    **dict.fromkeys(("\x97", "\x98"), _refuse(_BUFFERS)),
}

HANDLERS: Final[list[Handler | None]] = [_TABLE.get(chr(code)) for code in range(256)]
"""Handlers by the number of the opcode, `None` for unknown ones; `run` handles STOP."""


def run(machine: Machine) -> Any:
    """Runs a pickle and returns its value; the stream is left at the end of the pickle.

    Raises:
        MalformedError: It is not a complete pickle.
        DataError: It uses a name that is not allowed, or needs too much memory.
    """
    read = machine.stream.read
    while True:
        code = read(1)
        machine.steps += 1
        if code == b".":
            return machine.pop()
        if not code:
            raise MalformedError("it ends too early")
        handler = HANDLERS[code[0]]
        if handler is None:
            raise MalformedError(f"unknown opcode {code!r}")
        handler(machine)
        if machine.budget < 0 or machine.steps > machine.max_steps:
            raise DataError(TOO_MUCH)
