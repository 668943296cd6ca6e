"""A pickle reader for containers, numbers, strings, arrays and tensors, which runs no code of the file.

`pickle.load` calls whatever the file names. Here a file may use only the names that NumPy, torch
tensors and Python's containers need, and gets a harmless stand-in for each.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from avq_core.data.restricted_pickle import foreign
from avq_core.data.restricted_pickle import tensors as pickled_tensors
from avq_core.data.restricted_pickle.arrays import (
    OBJECTS,
    ArrayStandIn,
    DtypeStandIn,
    array,
    as_bytes,
    scalar,
)
from avq_core.data.restricted_pickle.machine import Machine
from avq_core.data.restricted_pickle.opcodes import run
from avq_core.data.restricted_pickle.values import Call, LongText, MalformedError, checked_key
from avq_core.errors import DataError

MAX_DEPTH: Final = 100
"""Depth of nested containers; the data contract needs five."""

_MALFORMED: Final = (
    MalformedError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
)


def _encode(text: object, encoding: object = "utf-8") -> object:
    # Protocols 0 to 2 have no bytes, and write text with a call that encodes it.
    if encoding != "latin1" or not isinstance(text, str | LongText):
        raise DataError(f"it encodes text as {str(encoding)[:40]!r}, expected 'latin1'")
    return as_bytes(text)


def _bytes(*arguments: object) -> bytes:
    if arguments:
        raise DataError("it makes bytes in a way that pickle does not; save the file again")
    return b""


def _bytearray(raw: object = b"", *_encoding: object) -> bytearray:
    content = as_bytes(raw)
    if not isinstance(content, bytes):
        raise DataError("it makes bytes in a way that pickle does not; save the file again")
    return bytearray(content)


def _members(items: object = ()) -> Iterable[Any]:
    if not isinstance(items, list | tuple):
        raise DataError("it makes a set in a way that pickle does not; save the file again")
    return map(checked_key, items)


def _ordered(pairs: object = ()) -> dict[Any, Any]:
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        raise DataError("it makes a dict in a way that pickle does not; save the file again")
    return {checked_key(key): value for key, value in pairs}


def _uncallable(*_arguments: object) -> object:
    raise DataError("it makes a NumPy array in a way that NumPy does not; save the file again")


_NAMES: Final[Mapping[tuple[str, str], Call]] = MappingProxyType(
    {
        ("numpy", "dtype"): Call(DtypeStandIn),
        ("numpy", "ndarray"): Call(_uncallable),
        **{
            (f"numpy.{core}.{module}", name): Call(call)
            for core in ("core", "_core")
            for module, name, call in (
                ("multiarray", "_reconstruct", lambda *_class_shape_type: ArrayStandIn()),
                ("multiarray", "scalar", scalar),
                ("numeric", "_frombuffer", array),
            )
        },
        ("_codecs", "encode"): Call(_encode),
        ("builtins", "bytes"): Call(_bytes),
        ("builtins", "bytearray"): Call(_bytearray),
        ("builtins", "set"): Call(lambda *items: set(_members(*items))),
        ("builtins", "frozenset"): Call(lambda *items: frozenset(_members(*items))),
        ("collections", "OrderedDict"): Call(_ordered),
        **pickled_tensors.NAMES,
    }
)


def _refusal(path: Path) -> Callable[[str, str], DataError]:
    """Makes the error for a name that a pickle may not use."""

    def refused(module: str, name: str) -> DataError:
        return DataError(
            f"it names {f'{module}.{name}'[:100]!r}, which could run code and was refused; "
            "expected only containers, numbers, strings and NumPy arrays: "
            f"{foreign.mend_of(path, module, name)}"
        )

    return refused


def load(path: Path) -> object:
    """Reads a pickle of any protocol without running any code that it names.

    NumPy arrays of bool, int, uint, float and str, and torch tensors, are returned as arrays, which
    share the memory that the file was read into; NumPy scalars as Python numbers and strings.

    Args:
        path: A local file.

    Returns:
        The content of the file.

    Raises:
        DataError: The file is missing, damaged, not a pickle, or contains other types of value.
    """
    machine = None
    try:
        with path.open("rb") as stream:
            kind = foreign.kind_of(path, stream.peek(32)[:32])
            if kind is not None:
                raise DataError(f"it is {kind}")
            size = os.fstat(stream.fileno()).st_size
            machine = Machine(stream, size, _NAMES, refuse=_refusal(path))
            return _resolved(run(machine), 0, {})
    except DataError as error:
        near = machine.near() if machine is not None else []
        place = f"near {' / '.join(near)} " if near else ""
        mend = f"; {foreign.plain_mend(path)}" if OBJECTS in str(error) else ""
        raise DataError(f"{path} was not read: {place}{error}{mend}") from None
    except FileNotFoundError:
        raise DataError(
            f"no such file: {path}; name a data file, or `demo` for the built-in demo set"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(
            f"{path} needs more memory than there is: it is damaged, or too large for this machine"
        ) from error
    except _MALFORMED as error:
        if foreign.is_table(path):
            raise DataError(f"{path} is {foreign.TEXT}") from error
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise DataError(
            f"{path} is not a whole pickle ({reason}); save the data again with pickle.dump"
        ) from error


def _resolved(value: Any, depth: int, seen: dict[int, tuple[Any, Any]]) -> Any:
    """Replaces the remaining stand-ins; in lists and dicts in place, so that they stay shared.

    `seen` maps an object's id to that object, which keeps the id unique, and to its replacement.
    Without it a file of a few lines could cause 2**100 visits.
    """
    if depth > MAX_DEPTH:
        raise DataError(f"its containers are nested deeper than {MAX_DEPTH}; save it flatter")
    if isinstance(value, ArrayStandIn):
        return value.resolve()
    if isinstance(value, LongText):
        return value.text()
    if isinstance(value, list | dict | tuple):
        if id(value) in seen:
            return seen[id(value)][1]
        if isinstance(value, tuple):
            resolved = tuple(_resolved(item, depth + 1, seen) for item in value)
            seen[id(value)] = (value, resolved)
            return resolved
        seen[id(value)] = (value, value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if type(item) not in _LEAVES:
                value[key] = _resolved(item, depth + 1, seen)
    elif type(value) not in _LEAVES:
        raise DataError("it holds a type or a function in place of data; save values only")
    return value


_LEAVES: Final = frozenset(
    {str, bytes, bytearray, int, float, bool, type(None), set, frozenset, np.ndarray}
)
