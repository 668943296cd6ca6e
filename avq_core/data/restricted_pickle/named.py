"""Which names in a pickle are those of data, so that code that converts the file may be offered.

Nothing here makes a file safe to open. It keeps us from advising somebody to open one that names a
command.
"""

import os
import pickletools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

_MODULES: Final = frozenset(
    {
        "PIL", "_codecs", "array", "collections", "datetime", "decimal", "fractions", "jax",
        "jax._src.array", "jaxlib", "joblib.numpy_pickle", "numpy", "numpy._core", "numpy.core",
        "numpy.ma", "numpy.matrixlib", "numpy.random", "pandas", "pandas._libs", "pandas.arrays",
        "pandas.core", "pathlib", "polars", "pyarrow", "scipy.sparse", "sklearn.utils._bunch", "torch",
        "torch._tensor", "torch._utils", "torch.nn", "torch.storage", "xarray", "zoneinfo",
    }
)  # fmt: skip
"""Modules whose objects are data, with the modules in them."""
_WHOLE: Final = frozenset({"jax", "numpy", "pandas", "torch"})
"""Those of which only what they name themselves, or a listed module of theirs, is data."""
_BUILTINS: Final = frozenset(
    {
        "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long",
        "object", "range", "set", "slice", "str", "tuple", "unicode", "xrange",
    }
)  # fmt: skip
_COMMANDS: Final = frozenset(
    {"compile", "eval", "exec", "fromfile", "load", "loads", "memmap", "open", "read_pickle", "run"}
)
"""Names that do something, also in a module of data."""
_MAX_OPCODES: Final = 2_000_000
"""Opcodes of a file that are looked at: a second or two."""


def is_data(module: str, name: str) -> bool:
    """Whether a name is that of a container, a number, a table or an array of a known library."""
    if module in ("builtins", "__builtin__"):
        return name in _BUILTINS
    if module in ("copyreg", "copy_reg"):
        return name == "_reconstructor"
    if name in _COMMANDS or "." in name:  # an attribute, such as a method, is no data
        return False
    if module in _MODULES:
        return True
    parents = [module[:end] for end, char in enumerate(module) if char == "."]
    return any(parent in _MODULES - _WHOLE for parent in parents)


def first_command(path: Path) -> str | None:
    """The first name in a pickle that is none of data; `None` if there is none.

    A file of joblib is looked at up to its first array, whose bytes stand between the opcodes.
    """
    try:
        with path.open("rb") as file:
            for module, name in _names(pickletools.genops(cast("IO[bytes]", _Whole(file)))):
                if not is_data(module, name):
                    return f"{module}.{name}"
                if module.startswith("joblib."):
                    return None
    except (ValueError, OverflowError, MemoryError, OSError, struct.error):
        return None  # cut off, or no pickle from here on
    return None


class _Whole:
    """A file that is not asked for more than it holds: `read` would first allocate all of that."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self.readline = file.readline
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Exactly so many bytes.

        Raises:
            ValueError: There are not so many.
        """
        if size > self._size - self.tell():
            raise ValueError(f"got {self._size - self.tell()} bytes, expected {size}")
        return self._file.read(size)


def _names(
    opcodes: Iterator[tuple[pickletools.OpcodeInfo, object, int | None]],
) -> Iterator[tuple[str, str]]:
    """(module, name) of each global; `("?", "?")` of one that is put together out of sight."""
    memo: dict[int, str] = {}
    pushed: list[str] = ["", ""]
    for step, (opcode, argument, _) in enumerate(opcodes):
        if step > _MAX_OPCODES:
            return
        if opcode.name in ("GLOBAL", "INST"):
            module, _, name = str(argument).partition(" ")
            yield module, name
            pushed = [pushed[-1], ""]
        elif opcode.name == "STACK_GLOBAL":
            yield (pushed[0], pushed[1]) if all(pushed) else ("?", "?")
            pushed = [pushed[-1], ""]
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = pushed[-1]
        elif "PUT" in opcode.name and isinstance(argument, int):
            memo[argument] = pushed[-1]
        elif "GET" in opcode.name and isinstance(argument, int):
            pushed = [pushed[-1], memo.get(argument, "")]
        else:
            pushed = [pushed[-1], argument if isinstance(argument, str) else ""]
