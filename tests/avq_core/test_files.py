"""Files written whole or not at all."""

import contextlib
from pathlib import Path

import pytest

from avq_core.errors import ConfigError
from avq_core.files import whole_file


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    """Folders above are made, and nothing else is left."""
    path = tmp_path / "a" / "b.txt"
    with whole_file(path) as file:
        file.write("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_keeps_the_old_file_and_leaves_no_half_one(tmp_path: Path) -> None:
    """A bug in the middle, say."""
    path = tmp_path / "b.txt"
    path.write_text("old")
    with contextlib.suppress(ZeroDivisionError), whole_file(path) as file:
        file.write("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_a_folder_is_no_file(name: str) -> None:
    """Told before anything is computed."""
    expected = pytest.raises(ConfigError, match=r"is a folder, expected the name of a file")
    with expected, whole_file(Path(name)):
        pytest.fail("it was opened")


def test_a_place_that_cannot_be_written_is_told(read_only_folder: Path) -> None:
    """In one line."""
    expected = pytest.raises(ConfigError, match=r"cannot write .*give a file that can be written")
    with expected, whole_file(read_only_folder / "x.csv"):
        pytest.fail("it was opened")
