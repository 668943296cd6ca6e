"""Torch tensors as `pickle.dump` writes them, read as NumPy arrays, without torch.

A tensor is a view (offset, shape, strides) of a storage. The storage is a whole `torch.save` file in
the layout of before 2020, inside the pickle: three short pickles, one of the storage's type and
number of elements, one of its key, then the bytes.
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
_MOST_STEPS: Final = 200
"""Opcodes of each of a storage's pickles, which have some 30; a storage can be read many times."""
_MEND: Final = "convert tensors with .numpy() before saving"
_BAD_STORAGE: Final = f"it holds a damaged torch storage; {_MEND}"
_BAD_TENSOR: Final = f"it holds a torch tensor that does not fit its storage; {_MEND}"


class Storage(Stateful):
    """A storage's elements, flat."""

    __slots__ = ("values",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: npt.NDArray[Any]) -> None:
        super().__init__()
        self.values = values

    def __setstate__(self, state: object) -> None:
        raise DataError(_BAD_STORAGE)


class _StorageType:
    """Stands for a storage class; not callable, unlike the names outside."""

    __slots__ = ("code", "name")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name, self.code = name, _TYPES[name]


def _refused(module: str, name: str) -> DataError:
    return DataError(f"it holds a torch storage of {f'{module}.{name}'[:80]!r}; {_MEND}")


def load_storage(raw: object) -> Storage:
    """A storage from the bytes of its `torch.save` file.

    Raises:
        DataError: It is not one, or is of a type that NumPy does not have.
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
            most_steps=_MOST_STEPS,
        )
        return run(machine)

    try:
        magic, protocol, _ = parse(), parse(), parse()
        kind, key, count = parse(_described)
        keys = parse()
        # In front of the elements stands their number, once more.
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
    """A tensor as a view of its storage.

    Raises:
        DataError: It reaches outside of the storage, or uses elements of it more than once.
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
    # An expanded tensor has few elements under a large shape; it is larger than its file.
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
    whole = all(
        type(group) is tuple
        and len(group) <= MAX_DIMS
        and all(type(number) is int and 0 <= number < 2**62 for number in group)
        for group in groups
    )
    return whole and len(groups[1]) == len(groups[2])  # type: ignore[arg-type]


def rebuild_parameter(values: object, *_gradient: object) -> object:
    """A parameter is its tensor."""
    if not isinstance(values, np.ndarray):
        raise DataError(_BAD_TENSOR)
    return values


NAMES: Final[Mapping[tuple[str, str], Call]] = {
    ("torch._utils", "_rebuild_tensor_v2"): Call(rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): Call(rebuild_parameter),
    ("torch.storage", "_load_from_bytes"): Call(load_storage),
}
