"""Stand-ins for NumPy's objects in a pickle, and their checked conversion to real arrays.

A pickle creates an object by a call and then sets its state. NumPy's `dtype` and `ndarray` trust that
state, and can be made to read foreign memory. So the pickle gets these stand-ins, which only store the
state. The arrays are made afterwards, by code that checks that type, shape and bytes fit together.
"""

import math
import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.data.restricted_pickle.values import LongText, Stateful
from avq_core.errors import DataError

MAX_DIMS: Final = 16
_MAX_CODE_POINT: Final = 0x10FFFF
_ALLOWED_TYPE: Final = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|[US][1-9][0-9]{0,6})\Z")
OBJECTS: Final = "objects, which may be anything"
_MEND: Final = "expected bool, int, float or str arrays of plain shape; save them with .astype(...)"


class DtypeStandIn(Stateful):
    """Stands in for `numpy.dtype`: a type code and a byte order."""

    __slots__ = ("_code", "_order")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, code: object, *_flags: object) -> None:
        super().__init__()
        text = str(code, "latin1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or _ALLOWED_TYPE.match(text) is None:
            shown = OBJECTS if str(text).startswith("O") else f"type {str(text)[:40]!r}"
            raise DataError(f"it holds a NumPy array of {shown}, {_MEND}")
        self._code = text.lstrip("<>=|")
        self._order = "="

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) >= 8 else None
        if order not in ("<", ">", "=", "|") or any(part is not None for part in state[2:5]):  # type: ignore[index]
            raise DataError(f"it holds a structured or malformed NumPy type, {_MEND}")
        self._order = str(order)

    def resolve(self) -> np.dtype[Any]:
        """The NumPy type, in the byte order of the file."""
        return np.dtype(("" if self._order == "|" else self._order) + self._code)


class ArrayStandIn(Stateful):
    """Stands in for `numpy.ndarray`: type, shape, order and bytes, not checked yet.

    The machine replaces it by the array as soon as its state is set. Where a pickle has used it before
    that, which no pickler does, the stand-in remains and resolves to the same array.
    """

    __slots__ = ("_array", "_axes", "_bytes", "_dtype", "_order", "_shape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        raw: object = b"",
        dtype: object = None,
        shape: object = (0,),
        order: object = "C",
        axes: object = None,
    ) -> None:
        super().__init__()
        self._bytes, self._dtype, self._shape = raw, dtype, shape
        self._order, self._axes = order, axes
        self._array: npt.NDArray[Any] | None = None

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise DataError("it holds a malformed NumPy array; save the file again")
        # Old versions of NumPy write four parts, without the version in front.
        self._shape, self._dtype, fortran, self._bytes = state[-4:]
        self._order = "F" if fortran else "C"

    def resolve(self) -> npt.NDArray[Any]:
        """The array; a view of the pickle's bytes if those are in this machine's byte order.

        Raises:
            DataError: Type, shape and bytes do not fit together.
        """
        if self._array is None:
            self._array = self._checked()
            self._bytes = b""
        return self._array

    def resolve_now(self) -> npt.NDArray[Any]:
        """The array, which replaces the stand-in."""
        return self.resolve()

    def _checked(self) -> npt.NDArray[Any]:
        if not isinstance(self._dtype, DtypeStandIn) or self._order not in ("C", "F", "K"):
            raise DataError("it holds a malformed NumPy array; save the file again")
        dtype = self._dtype.resolve()
        shape = _checked_shape(self._shape)
        raw = as_bytes(self._bytes)
        if not isinstance(raw, bytes | bytearray):
            raise DataError(f"it holds a NumPy array of {type(raw).__name__} data, {_MEND}")
        expected = math.prod(shape) * dtype.itemsize
        if len(raw) != expected:
            raise DataError(
                f"it holds a NumPy array of shape {shape} and type {dtype} with {len(raw)} bytes, "
                f"expected {expected}; the file is damaged, save it again"
            )
        array: npt.NDArray[Any] = np.ndarray(
            shape, dtype, buffer=raw, order="F" if self._order == "F" else "C"
        )
        return _sound(_transposed(array, self._axes))


def array(
    raw: object = b"",
    dtype: object = None,
    shape: object = (0,),
    order: object = "C",
    *axes: object,
) -> npt.NDArray[Any]:
    """An array that a pickle makes with a single call (`_frombuffer`, protocol 5)."""
    return ArrayStandIn(raw, dtype, shape, order, *axes).resolve()


def as_bytes(raw: object) -> object:
    """Bytes, also if Python 2 or protocols 0 to 2 wrote them as text of one character a byte."""
    if isinstance(raw, LongText):
        return raw.latin1()
    return raw.encode("latin1") if isinstance(raw, str) else raw


def scalar(dtype: object, raw: object = b"") -> bool | int | float | str | bytes:
    """A NumPy scalar as a Python bool, int, float, str or bytes."""
    value: bool | int | float | str | bytes = ArrayStandIn(raw, dtype, ()).resolve().item()
    return value


def _checked_shape(shape: object) -> tuple[int, ...]:
    sound = (
        isinstance(shape, tuple)
        and len(shape) <= MAX_DIMS
        and all(type(size) is int and 0 <= size < 2**62 for size in shape)
    )
    if not sound:
        raise DataError(f"it holds a NumPy array of shape {str(shape)[:60]}, {_MEND}")
    return shape  # type: ignore[return-value]


def _transposed(array: npt.NDArray[Any], axes: Any) -> npt.NDArray[Any]:
    if axes is None:
        return array
    is_order = isinstance(axes, tuple) and all(type(axis) is int for axis in axes)
    if not is_order or sorted(axes) != list(range(array.ndim)):
        raise DataError("it holds a malformed NumPy array; save the file again")
    return array.transpose(axes)


def _sound(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array in this machine's byte order, checked for bit patterns that its type cannot have."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "b":
        return np.asarray(np.not_equal(array.view(np.uint8), 0))
    if array.dtype.kind == "U" and array.size:
        points = np.ascontiguousarray(array).reshape(-1).view(np.uint32)
        if points.max() > _MAX_CODE_POINT:
            raise DataError("it holds text that is not Unicode; the file is damaged, save it again")
    return array
