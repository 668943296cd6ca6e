"""Files that are written completely or not at all."""

import contextlib
from pathlib import Path

import pytest

from avq_core.errors import ConfigError
from avq_core.files import whole_file


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
