"""Fingerprints of data files, which are kept so that an unchanged file is not read again."""

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from avq_core.data.files.read import DEMO
from avq_core.errors import DataError

INDEX_NAME: Final = "index.json"
_SETTLED_NS: Final = 2_000_000_000
"""A file that changed less than this ago may change again without a new time stamp, where clocks are
coarse (2 s on FAT), so its fingerprint is not kept yet."""
_CHUNK: Final = 1 << 22


def cached_fingerprint(source: str, root: Path) -> str | None:
    """The fingerprint of data that has not changed since it was last read; otherwise `None`.

    Args:
        source: A path, or `demo`.
        root: Folder of the prepared stores, with the index.

    Raises:
        DataError: No such file.
    """
    if source == DEMO:
        from avq_core.data.synthetic import demo_fingerprint

        return demo_fingerprint()
    path = Path(source)
    entry = _read_index(root).get(str(path.resolve()))
    if isinstance(entry, dict) and entry.get("identity") == _identity(path):
        fingerprint = entry.get("sha256")
        return fingerprint if isinstance(fingerprint, str) else None
    return None


def read_fingerprint(path: Path) -> str:
    """Hashes the file's content with SHA-256.

    Raises:
        DataError: The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as stream:
            buffer = memoryview(bytearray(_CHUNK))
            while count := stream.readinto(buffer):
                digest.update(buffer[:count])
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


@contextlib.contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Checks that the file does not change while the block reads it.

    Raises:
        DataError: No such file, or it changed meanwhile.
    """
    before = _identity(path)
    yield
    if _identity(path) != before:
        raise DataError(f"{path} changed while it was read; wait until it is written, then repeat")


def remember(path: Path, fingerprint: str, root: Path) -> None:
    """Adds a fingerprint to the index, unless the file changed too recently to be recognised."""
    identity = _identity(path)
    if time.time_ns() - identity[1] < _SETTLED_NS:
        return
    index = _read_index(root)
    index[str(path.resolve())] = {"identity": identity, "sha256": fingerprint}
    part = root / f".{INDEX_NAME}.{uuid.uuid4().hex[:12]}"
    # Replaced atomically. If two processes write at once, the later wins and the other hashes again.
    # The index only saves time, so it does no harm if it cannot be written.
    with contextlib.suppress(OSError):
        part.write_text(json.dumps(index, indent=1), encoding="utf-8")
        part.replace(root / INDEX_NAME)


def _identity(path: Path) -> list[int]:
    """Size, time of the last change and inode: equal for a file that has not changed."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise DataError(
            f"no such file: {path}; name a data file, or `demo` for the built-in demo set"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _read_index(root: Path) -> dict[str, object]:
    """The index, by path; empty if there is none or it cannot be read."""
    try:
        index = json.loads((root / INDEX_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}
