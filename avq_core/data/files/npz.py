"""Reads `.npz` files without trusting the sizes that the file claims."""

import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import DataError

_MAX_EXPANSION: Final = 20
"""Compressed arrays may expand to this many times the file's size, plus `_FLOOR` bytes."""
_FLOOR: Final = 1 << 28
_CHUNK: Final = 1 << 22
_MALFORMED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    RuntimeError,  # encrypted
    SyntaxError,
    tokenize.TokenError,
)
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a file, by name.

    Raises:
        DataError: It is not a zip file, has an array of objects, or sizes that do not fit together.
        OSError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path.stat().st_size)
            return {
                member.filename.removesuffix(".npy"): _read_member(archive, member)
                for member in archive.infolist()
            }
    except DataError:
        raise
    except _MALFORMED as error:
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise DataError(
            f"it is not a whole .npz file ({reason}); save the data again with numpy.savez"
        ) from error


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if any(member.compress_type not in _METHODS for member in members):
        # The header of an LZMA stream alone can request 4 GB.
        raise DataError(
            "it is compressed in a way that numpy does not write, expected deflate or none; save "
            "it with numpy.savez"
        )
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise DataError("it has two arrays of the same name; save the data again with numpy.savez")
    expanded = sum(member.file_size for member in members)
    if expanded > _MAX_EXPANSION * size + _FLOOR:
        raise DataError(
            f"its {size:,} bytes expand to {expanded:,}, over {_MAX_EXPANSION} times as many; "
            "save it uncompressed, with numpy.savez"
        )


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    name = member.filename
    if not name.endswith(".npy"):
        raise DataError(f"it holds a file {name[:80]!r} that is no array, expected .npy only")
    # NumPy reads headers of Python 2 with a warning, which is of no use to the user.
    with archive.open(member) as stream, warnings.catch_warnings(action="ignore"):
        version = np.lib.format.read_magic(stream)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise DataError(f"the array {name[:80]!r} is in format {version}, expected 1.0 or 2.0")
        shape, fortran, dtype = readers[version](stream)
        if dtype.hasobject or dtype.kind not in "fiubUS" or dtype.itemsize == 0:
            raise DataError(
                f"the array {name[:80]!r} is of type {str(dtype)[:40]}, expected numbers or text; "
                "objects could run code: save plain arrays"
            )
        count = int(np.prod([int(length) for length in shape], dtype=object))
        if member.file_size - stream.tell() != count * dtype.itemsize:
            raise DataError(
                f"the array {name[:80]!r} claims shape {shape} of {dtype}, which are not the "
                f"{member.file_size} bytes that it has; save the data again"
            )
        # Allocated first and filled in place, so that there is never a second copy.
        buffer = bytearray(count * dtype.itemsize)
        view = memoryview(buffer)
        place = 0
        while place < len(buffer):
            part = stream.read(min(_CHUNK, len(buffer) - place))
            if not part:
                raise DataError(f"the array {name[:80]!r} ends too early; save the data again")
            view[place : place + len(part)] = part
            place += len(part)
        stream.read(1)  # reading to the end makes zipfile compare the checksum
    array: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer, order="F" if fortran else "C")
    return array.view(np.uint8) != 0 if dtype.kind == "b" else array
