"""Reads torch tensors in a pickle as NumPy arrays, without importing torch.

A tensor is a view (offset, shape, strides) of a storage. The storage is a complete `torch.save` file
inside the pickle, in the layout from before 2020: three short pickles, one with the storage's type and
number of elements, one with its key, then the bytes.
"""

import io
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.data.restricted_pickle.arrays import MAX_DIMS, as_bytes
from avq_core.data.restricted_pickle.machine import Machine
from avq_core.data.restricted_pickle.opcodes import run
from avq_core.data.restricted_pickle.values import Call, MalformedError, Stateful
from avq_core.errors import DataError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_TYPES: Final[Mapping[str, str]] = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "<u2",
    "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1",
    "ByteStorage": "u1", "BoolStorage": "u1",
}  # fmt: skip
_MAX_STEPS: Final = 200
"""Opcodes in each pickle of a storage, which need about 30. A file can read a storage many times."""
_MEND: Final = "convert tensors with .numpy() before saving"
_BAD_STORAGE: Final = f"it holds a damaged torch storage; {_MEND}"
_BAD_TENSOR: Final = f"it holds a torch tensor that does not fit its storage; {_MEND}"


class Storage(Stateful):
    """The elements of a storage as a one-dimensional array."""

    __slots__ = ("values",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: npt.NDArray[Any]) -> None:
        super().__init__()
        self.values = values

    def __setstate__(self, state: object) -> None:
        raise DataError(_BAD_STORAGE)


class _StorageType:
    """Stands in for a storage class; it cannot be called."""

    __slots__ = ("code", "name")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name, self.code = name, _TYPES[name]


def _refused(module: str, name: str) -> DataError:
    return DataError(f"it holds a torch storage of {f'{module}.{name}'[:80]!r}; {_MEND}")


def load_storage(raw: object) -> Storage:
    """Reads a storage from the bytes of its `torch.save` file.

    Raises:
        DataError: The bytes are not a storage, or its type has no equivalent in NumPy.
    """
    content = as_bytes(raw)
    if not isinstance(content, bytes):
        raise DataError(_BAD_STORAGE)
    stream = io.BytesIO(content)

    def parse(persistent: Callable[[Any], Any] | None = None) -> Any:
        names: dict[tuple[str, str], Any] = {}
        if persistent is not None:
            names = {("torch", name): _StorageType(name) for name in _TYPES}
        machine = Machine(
            stream,
            len(content),
            names,
            refuse=_refused,
            persistent=persistent,
            max_steps=_MAX_STEPS,
        )
        return run(machine)

    try:
        magic, protocol, _ = parse(), parse(), parse()
        kind, key, count = parse(_described)
        keys = parse()
        # The number of elements is repeated in front of them.
        stored = int.from_bytes(stream.read(8), "little")
    except (MalformedError, TypeError, ValueError) as error:
        raise DataError(_BAD_STORAGE) from error
    if (magic, protocol, keys, stored) != (_MAGIC, _PROTOCOL, [key], count):
        raise DataError(_BAD_STORAGE)
    start = stream.tell()
    if len(content) - start != count * np.dtype(kind.code).itemsize:
        raise DataError(_BAD_STORAGE)
    values: npt.NDArray[Any] = np.frombuffer(content, kind.code, count, start)
    if kind.name == "BoolStorage":
        values = np.asarray(values != 0)
    elif kind.name == "BFloat16Storage":  # the upper half of a float32
        wide = values.astype(np.uint32)
        wide <<= 16
        values = wide.view(np.float32)
    return Storage(values)


def _described(name: Any) -> tuple[_StorageType, str, int]:
    """The parts of a storage's persistent id: `("storage", type, key, location, elements)`."""
    if type(name) is not tuple or len(name) not in (5, 6) or name[0] != "storage":
        raise MalformedError("no storage")
    kind, key, _location, count = name[1:5]
    if not isinstance(kind, _StorageType) or type(key) is not str or type(count) is not int:
        raise MalformedError("no storage")
    return kind, key, count


def rebuild_tensor(
    storage: object, offset: object, size: object, stride: object, *_gradient: object
) -> npt.NDArray[Any]:
    """A tensor, as a view of its storage.

    Raises:
        DataError: It reaches outside its storage, or uses elements more than once.
    """
    if not isinstance(storage, Storage) or not _are_sizes((offset,), size, stride):
        raise DataError(_BAD_TENSOR)
    assert isinstance(offset, int)
    shape: tuple[int, ...] = tuple(size)  # type: ignore[arg-type]
    steps: tuple[int, ...] = tuple(stride)  # type: ignore[arg-type]
    total = storage.values.size
    count = int(np.prod(np.array(shape, object))) if shape else 1
    if count == 0:
        return np.empty(shape, storage.values.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    # An expanded tensor has a large shape over few elements, and would be larger than its file.
    if count > total or last >= total:
        raise DataError(_BAD_TENSOR)
    width = storage.values.itemsize
    view = np.lib.stride_tricks.as_strided(
        storage.values[offset:],
        shape,
        [step * width for step in steps],
        writeable=False,
    )
    return view if view.dtype.isnative else view.astype(view.dtype.newbyteorder("="))


def _are_sizes(*groups: object) -> bool:
    sound = all(
        type(group) is tuple
        and len(group) <= MAX_DIMS
        and all(type(number) is int and 0 <= number < 2**62 for number in group)
        for group in groups
    )
    return sound and len(groups[1]) == len(groups[2])  # type: ignore[arg-type]


def rebuild_parameter(values: object, *_gradient: object) -> object:
    """A parameter, read as its tensor."""
    if not isinstance(values, np.ndarray):
        raise DataError(_BAD_TENSOR)
    return values


NAMES: Final[Mapping[tuple[str, str], Call]] = {
    ("torch._utils", "_rebuild_tensor_v2"): Call(rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): Call(rebuild_parameter),
    ("torch.storage", "_load_from_bytes"): Call(load_storage),
}
