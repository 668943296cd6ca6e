"""The files of a prepared store: written to a temporary folder, then moved into place as a whole."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import DataError

META: Final = "meta.json"
STATISTICS: Final = "statistics.safetensors"
GROUPS: Final = "groups.json"
_PART: Final = ".part-"
_TAKEN: Final = (errno.ENOTEMPTY, errno.EEXIST)


def stream_file(split: str, stream: str) -> str:
    """Name of the file of a stream's array; unambiguous, since stream names contain no dot."""
    return f"{split}.{stream}.npy"


def targets_file(split: str) -> str:
    """Name of the file of a split's scaled labels; no stream's file can have it."""
    return f"targets_{split}.npy"


def lengths_file(split: str) -> str:
    """Name of the file of a split's numbers of frames; written only where they differ."""
    return f"lengths_{split}.npy"


def present_file(split: str, stream: str) -> str:
    """Name of the file that says which samples have a stream; written only for optional streams."""
    return f"present_{split}.{stream}.npy"


def write_rows(
    path: Path,
    blocks: Iterator[npt.NDArray[Any]],
    shape: Sequence[int],
    dtype: np.dtype[Any],
) -> None:
    """Writes an .npy file block by block.

    Not through a memory map, whose pages would count as this process's memory.

    Args:
        path: The file.
        blocks: Consecutive parts of the array along the first axis of `shape`.
        shape: Shape of the whole array.
        dtype: Type of the blocks.
    """
    stored = dtype.newbyteorder("<")
    header = {"descr": stored.str, "fortran_order": False, "shape": tuple(shape)}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks:
            stream.write(np.ascontiguousarray(block, stored).data)


def read_meta(folder: Path) -> dict[str, Any] | None:
    """The content of a store's `meta.json`; `None` if there is no store or it is incomplete."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        files: Mapping[str, int] = meta["files"]
        complete = all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return meta if complete else None


def write_meta(folder: Path, meta: Mapping[str, object]) -> None:
    """Writes `meta.json`, after all other files, with the size of each."""
    files = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    text = json.dumps({**meta, "files": files}, indent=1)
    (folder / META).write_text(text, encoding="utf-8")


def check_writable(root: Path) -> None:
    """Makes the folder `root`, and raises early if it cannot be written.

    Raises:
        DataError: `root` cannot be made or written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _unwritable(root, error) from error


def check_room(place: Path, needed: int, limit: int | None) -> None:
    """Raises early if there is not enough space for a store.

    Args:
        place: The store's folder; a store that is there already counts as replaced.
        needed: Bytes that the store needs.
        limit: Bytes that all stores in the same folder may take; `None` for all free disk space.

    Raises:
        DataError: There is too little free disk space, or the limit would be exceeded.
    """
    root = place.parent
    disk = shutil.disk_usage(root)
    free = disk.free
    if needed > free and disk.total:  # some file systems report a size of 0
        raise DataError(
            f"the prepared data takes {needed / 1e9:.2f} GB, {root} has {free / 1e9:.2f} GB free; "
            "make room, or name another folder with `runs`"
        )
    taken = stored_bytes(root) - _bytes_of(place)
    if limit is not None and taken + needed > limit:
        raise DataError(
            f"the prepared data takes {needed / 1e9:.2f} GB, but {root} holds {taken / 1e9:.2f} "
            f"GB of the {limit / 1e9:.2f} GB that `store_limit` allows; raise it, or remove stores "
            "there that are not needed"
        )


def stored_bytes(root: Path) -> int:
    """Bytes that the stores in a folder take."""
    return sum(_bytes_of(path.parent) for path in root.glob(f"*/{META}"))


def _bytes_of(place: Path) -> int:
    meta = read_meta(place)
    return 0 if meta is None else sum(meta["files"].values())


@contextlib.contextmanager
def writing(root: Path, key: str, *, replace: bool = False) -> Iterator[Path]:
    """A temporary folder for a store, which becomes `root/key` when the block ends without error.

    If another process has finished the same store meanwhile, that one is kept and this one removed,
    unless `replace` is set. Processes that have mapped a replaced store can go on using it.

    Raises:
        DataError: `root` cannot be written, or the disk is full.
    """
    part = root / f"{_PART}{key[:16]}-{uuid.uuid4().hex[:12]}"
    lock = part.with_suffix(".lock")
    try:
        _clean(root)
        with lock.open("w") as lock_file:
            # Held while this process lives, since `_clean` does not remove what is locked.
            fcntl.flock(lock_file, fcntl.LOCK_EX)
            part.mkdir()
            try:
                yield part
                _move(part, root / key, replace=replace)
            finally:
                shutil.rmtree(part, ignore_errors=True)
                lock.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(root, error) from error


def _unwritable(root: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write the prepared data to {root}: {error.strerror or error}; "
        "name a folder that can be written, on a disk with room"
    )


def _move(part: Path, place: Path, *, replace: bool) -> None:
    for _ in range(3):
        try:
            part.rename(place)
            return
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        if not replace and read_meta(place) is not None:
            return
        # A damaged or outdated store. It must be moved away first, since only an empty folder can be
        # replaced; another process may be doing the same at this moment.
        damaged = part.with_suffix(".damaged")
        with contextlib.suppress(FileNotFoundError):
            place.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)
    raise FileExistsError(
        errno.EEXIST, f"{place} is damaged and was made again while it was replaced"
    )


def _clean(root: Path) -> None:
    """Removes the temporary folders of processes that died."""
    for lock in root.glob(f"{_PART}*.lock"):
        with contextlib.suppress(OSError), lock.open("r+") as candidate:
            fcntl.flock(candidate, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError if alive
            for leftover in (lock.with_suffix(""), lock.with_suffix(".damaged")):
                shutil.rmtree(leftover, ignore_errors=True)
            lock.unlink()
