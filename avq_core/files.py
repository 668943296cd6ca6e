"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from avq_core.errors import ConfigError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Opens a text file that takes its name when the block ends, and leaves nothing if it fails.

    Args:
        path: The file; folders above it are made.

    Raises:
        ConfigError: It is a folder, or cannot be written.
    """
    with _half(path) as half, half.open("w", newline="", encoding="utf-8") as file:
        yield file


@contextmanager
def whole_binary_file(path: Path) -> Iterator[BinaryIO]:
    """As `whole_file`, for bytes."""
    with _half(path) as half, half.open("wb") as file:
        yield file


def check_place(path: Path) -> None:
    """Fails before a long piece of work whose result could not be written.

    Raises:
        ConfigError: It is a folder, or the folder that it is to lie in cannot be made or written.
    """
    _check_is_no_folder(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f"{path.name}.{os.getpid()}.part")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _check_is_no_folder(path: Path) -> None:
    if not path.name or path.is_dir():
        raise ConfigError(f"{path} is a folder, expected the name of a file to write")


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write {path} ({error.strerror or error}); give a file that can be written"
    )


@contextmanager
def _half(path: Path) -> Iterator[Path]:
    """A name to write under, which becomes `path` when the block ends well."""
    _check_is_no_folder(path)
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield half
        half.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        # A folder above that cannot be looked into holds no half file either.
        with suppress(OSError):
            half.unlink(missing_ok=True)
