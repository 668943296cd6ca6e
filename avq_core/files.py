"""Files that are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from avq_core.errors import ConfigError


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Opens a text file that gets its name when the block ends, and is removed if the block fails.

    Args:
        path: The file; its parent folders are made.

    Raises:
        ConfigError: `path` is a folder, or cannot be written.
    """
    with _temporary(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        yield file


@contextmanager
def whole_binary_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a binary file, as `whole_file` does for text."""
    with _temporary(path) as part, part.open("wb") as file:
        yield file


def check_place(path: Path) -> None:
    """Checks that a file can be written, before a long computation of its content.

    Raises:
        ConfigError: `path` is a folder, or its parent folder cannot be made or written.
    """
    _check_is_no_folder(path)
    path = _target(path)
    if _is_special(path):
        return
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


def _target(path: Path) -> Path:
    """What a path leads to: a link stays a link when its target is written."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _is_special(path: Path) -> bool:
    """Whether it is a device or a pipe, to which is written and which no file may replace."""
    return path.exists() and not path.is_file()


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A temporary path, which is renamed to `path` when the block ends without error.

    What is no regular file is given itself.
    """
    _check_is_no_folder(path)
    path = _target(path)
    if _is_special(path):
        try:
            yield path
        except OSError as error:
            raise _unwritable(path, error) from error
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        # If the parent folder cannot be accessed, there is no temporary file in it either.
        with suppress(OSError):
            part.unlink(missing_ok=True)
