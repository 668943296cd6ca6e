"""A pickle reader that runs nothing: containers, numbers, strings, bytes and NumPy arrays.

`pickle.load` calls whatever the file names. Here a file may name only what NumPy and Python's
containers need, and gets for each a stand-in that cannot be altered and does one harmless thing.
"""

import os
import pickle
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from avq_core.data.pickle_scan import check_claims
from avq_core.data.pickled_arrays import ArrayStandIn, DtypeStandIn, scalar
from avq_core.errors import DataError

MAX_DEPTH: Final = 100
"""Containers in containers; the data contract needs five."""

_MALFORMED: Final = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    BufferError,
)
_MENDS: Final[Mapping[str, str]] = {
    "torch": "convert tensors with .numpy() before saving",
    "pandas": "convert tables with .to_numpy() before saving",
}


class _Named:
    """Stands for one name that a pickle may use. Unlike a function or class, it has no state."""

    __slots__ = ("_call",)
    __hash__ = None  # type: ignore[assignment]
    _call: Callable[..., object]

    def __init__(self, call: Callable[..., object]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *arguments: object) -> object:
        return self._call(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise DataError(f"it tries to alter {name!r} of the reader; nothing of it was run")

    def __setstate__(self, state: object) -> None:
        raise DataError("it tries to alter the reader; nothing of it was run")


def _reconstruct(*_class_shape_type: object) -> ArrayStandIn:
    return ArrayStandIn()


def _encode(text: str, encoding: str) -> bytes:
    # Protocols 0 to 2 have no bytes: they write text and have it encoded.
    if encoding != "latin1":
        raise DataError(f"it encodes text as {str(encoding)[:40]!r}, expected 'latin1'")
    return text.encode("latin1")


def _empty_bytes() -> bytes:
    return b""


def _ordered(pairs: Iterable[Iterable[Any]] = ()) -> dict[Any, Any]:
    return dict(tuple(pair) for pair in pairs)


def _uncallable(*_arguments: object) -> object:
    raise DataError("it makes a NumPy array in a way that NumPy does not; save the file again")


_NAMES: Final[Mapping[tuple[str, str], _Named]] = MappingProxyType(
    {
        ("numpy", "dtype"): _Named(DtypeStandIn),
        ("numpy", "ndarray"): _Named(_uncallable),
        **{
            (f"numpy.{core}.{module}", name): _Named(call)
            for core in ("core", "_core")
            for module, name, call in (
                ("multiarray", "_reconstruct", _reconstruct),
                ("multiarray", "scalar", scalar),
                ("numeric", "_frombuffer", ArrayStandIn),
            )
        },
        ("_codecs", "encode"): _Named(_encode),
        ("builtins", "bytes"): _Named(_empty_bytes),
        ("builtins", "set"): _Named(set),
        ("builtins", "frozenset"): _Named(frozenset),
        ("collections", "OrderedDict"): _Named(_ordered),
    }
)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module == "__builtin__":  # as protocols 0 to 2 call it, for Python 2's sake
            module = "builtins"
        found = _NAMES.get((module, name))
        if found is None:
            package = module.partition(".")[0]
            mend = _MENDS.get(package, "convert it to NumPy arrays and plain values")
            raise DataError(
                f"it names {f'{module}.{name}'[:100]!r}, which could run code and was refused; "
                f"expected only containers, numbers, strings and NumPy arrays: {mend}"
            )
        return found


def load(path: Path) -> object:
    """Reads a pickle of any protocol without running anything that it names.

    NumPy arrays of bool, int, uint, float and str come back as arrays, which share the memory that
    the file was read into; NumPy scalars come back as Python's own numbers and strings.

    Args:
        path: A local file.

    Returns:
        What the file holds.

    Raises:
        DataError: No such file, not a pickle, damaged, or holding anything else.
    """
    try:
        with path.open("rb") as stream:
            _check_whole(stream)
            # latin1 keeps the bytes of Python 2's strings one to one.
            return _resolved(_Unpickler(stream, encoding="latin1").load(), 0, {})
    except DataError as error:
        raise DataError(f"{path} was not read: {error}") from None
    except FileNotFoundError:
        raise DataError(
            f"no such file: {path}; name a data file, or `demo` for the built-in demo set"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(
            f"{path} asks for more memory than there is: it is damaged, or too large for this machine"
        ) from error
    except _MALFORMED as error:
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise DataError(
            f"{path} is not a whole pickle ({reason}); save the data again with pickle.dump"
        ) from error


def _check_whole(stream: BinaryIO) -> None:
    try:
        check_claims(stream, os.fstat(stream.fileno()).st_size)
    except DataError as error:
        raise pickle.UnpicklingError(str(error)) from None
    stream.seek(0)


def _resolved(value: Any, depth: int, seen: dict[int, tuple[Any, Any]]) -> Any:
    """Replaces stand-ins by real arrays; lists and dicts in place, so that sharing survives.

    `seen` maps an object's id to that object, kept alive so that its id stays its own, and to what
    it became. Without it a file of a few lines could ask for 2**100 visits.
    """
    if depth > MAX_DEPTH:
        raise DataError(f"its containers are nested deeper than {MAX_DEPTH}; save it flatter")
    if isinstance(value, ArrayStandIn):
        return value.resolve()
    if isinstance(value, DtypeStandIn | _Named):
        raise DataError("it holds a type in place of data; save values only")
    if id(value) in seen:
        return seen[id(value)][1]
    if isinstance(value, list | dict):
        seen[id(value)] = (value, value)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if type(item) not in _LEAVES:
                value[key] = _resolved(item, depth + 1, seen)
    elif isinstance(value, tuple):
        whole = tuple(_resolved(item, depth + 1, seen) for item in value)
        seen[id(value)] = (value, whole)
        return whole
    return value


_LEAVES: Final = frozenset({str, bytes, int, float, bool, type(None)})
