"""What a data file holds, as one hash, without reading it again while it has not changed."""

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from avq_core.data.files.read import DEMO
from avq_core.errors import DataError

INDEX_NAME: Final = "index.json"
_SETTLED_NS: Final = 2_000_000_000
"""A file changed less than this ago may change again within one tick of a coarse clock (FAT: 2 s)
and look the same; its fingerprint is not remembered yet."""
_CHUNK: Final = 1 << 22


def known_fingerprint(source: str, root: Path) -> str | None:
    """The fingerprint of data that has not changed since it was last read; else `None`.

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
    """Hashes the file's content (SHA-256).

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
    """Makes sure that all reading inside the block saw the same file.

    Raises:
        DataError: No such file, or it changed meanwhile.
    """
    before = _identity(path)
    yield
    if _identity(path) != before:
        raise DataError(f"{path} changed while it was read; wait until it is written, then repeat")


def remember(path: Path, fingerprint: str, root: Path) -> None:
    """Keeps a fingerprint in the index, unless the file is too fresh to be told from a later one."""
    identity = _identity(path)
    if time.time_ns() - identity[1] < _SETTLED_NS:
        return
    index = _read_index(root)
    index[str(path.resolve())] = {"identity": identity, "sha256": fingerprint}
    part = root / f".{INDEX_NAME}.{uuid.uuid4().hex[:12]}"
    # Whole or not at all; of two processes at once the later wins, and the other hashes again.
    # The index only saves time: where it cannot be written, nothing is lost.
    with contextlib.suppress(OSError):
        part.write_text(json.dumps(index, indent=1), encoding="utf-8")
        part.replace(root / INDEX_NAME)


def _identity(path: Path) -> list[int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise DataError(
            f"no such file: {path}; name a data file, or `demo` for the built-in demo set"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _read_index(root: Path) -> dict[str, Any]:
    # One that cannot be read is as good as none.
    try:
        index = json.loads((root / INDEX_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}
