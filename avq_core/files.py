"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from avq_core.errors import ConfigError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Opens a text file that takes its name when the block ends, and leaves nothing if it fails.

    Args:
        path: The file; folders above it are made.

    Raises:
        ConfigError: It is a folder, or cannot be written.
    """
    if not path.name or path.is_dir():
        raise ConfigError(f"{path} is a folder, expected the name of a file to write")
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("w", newline="", encoding="utf-8") as file:
            yield file
        half.replace(path)
    except OSError as error:
        raise ConfigError(
            f"cannot write {path} ({error.strerror or error}); give a file that can be written"
        ) from error
    finally:
        # A folder above that cannot be looked into holds no half file either.
        with suppress(OSError):
            half.unlink(missing_ok=True)
