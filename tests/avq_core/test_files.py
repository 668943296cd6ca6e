"""Files that are written completely or not at all."""

import contextlib
import os
from pathlib import Path

import pytest

from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file

FULL = Path("/dev/full")


def test_a_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    """Parent folders are made, and no other file is left."""
    path = tmp_path / "a" / "b.txt"
    with whole_file(path) as file:
        file.write("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_keeps_the_old_file_and_leaves_no_partial_one(tmp_path: Path) -> None:
    """For example after a bug in the middle."""
    path = tmp_path / "b.txt"
    path.write_text("old")
    with contextlib.suppress(ZeroDivisionError), whole_file(path) as file:
        file.write("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_a_folder_is_an_error(name: str) -> None:
    """It is raised before anything is computed."""
    expected = pytest.raises(ConfigError, match=r"is a folder, expected the name of a file")
    with expected, whole_file(Path(name)):
        pytest.fail("it was opened")


def test_a_place_that_cannot_be_written_is_an_error(read_only_folder: Path) -> None:
    """The message says what to do."""
    expected = pytest.raises(ConfigError, match=r"cannot write .*give a file that can be written")
    with expected, whole_file(read_only_folder / "x.csv"):
        pytest.fail("it was opened")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """As is a device: no file takes its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    check_place(pipe)
    with whole_file(pipe) as file:
        file.write("text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert pipe.is_fifo()
    with pytest.raises(ConfigError, match="cannot write /dev/full"), whole_file(FULL) as file:
        file.write("text")
    assert FULL.is_char_device()


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    """The target is replaced whole, or not at all."""
    target, link = tmp_path / "target.yaml", tmp_path / "link.yaml"
    link.symlink_to(target.name)
    with whole_file(link) as file:
        file.write("text")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "text"
