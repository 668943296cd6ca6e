"""`studies.dashboard.artifacts`: files of all studies, and pictures that are drawn when they are asked for."""

import io
from pathlib import Path

import optuna
import pytest
from browser.make_believe import make_study
from optuna.artifacts.exceptions import ArtifactNotFound

from studies.dashboard.artifacts import Artifacts
from studies.dashboard.board import ARTIFACTS, Board
from studies.dashboard.databases import Databases

UPLOADED = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def databases(study: optuna.Study, runs: Path) -> Databases:
    """The small study's, and another's."""
    make_study(runs, "other", trials=4)
    return Databases(runs, "tiny", None, notify=print)


@pytest.fixture
def board(databases: Databases, runs: Path) -> Board:
    """The small study's, its notes written."""
    board = Board(databases.first, 1, runs=runs, notify=print)
    board.write_notes()
    return board


@pytest.fixture
def store(databases: Databases, board: Board, runs: Path) -> Artifacts:
    """Of the page."""
    return Artifacts(databases, lambda: [board], runs / "tiny" / ARTIFACTS)


def test_a_missing_picture_is_drawn(store: Artifacts, board: Board) -> None:
    """And kept; one whose file was deleted as well."""
    name = board.missing()[0]
    for _ in range(2):
        with store.open_reader(name) as file:
            assert file.read(4) == b"\x89PNG"
        (board.folder / name).unlink()


def test_a_folder_that_cannot_be_written_shows_pictures(
    store: Artifacts, board: Board, read_only_folder: Path
) -> None:
    """They are drawn each time."""
    board.folder = read_only_folder / ARTIFACTS
    with store.open_reader(board.missing()[0]) as file:
        assert file.read(4) == b"\x89PNG"
    assert not board.folder.exists()


def test_what_a_user_uploads_is_kept(store: Artifacts, runs: Path) -> None:
    """In the folder of the study that was asked for."""
    store.write(UPLOADED, io.BytesIO(b"mine"))
    assert (runs / "tiny" / ARTIFACTS / UPLOADED).read_bytes() == b"mine"
    with store.open_reader(UPLOADED) as file:
        assert file.read() == b"mine"


def test_another_studys_files_are_found(store: Artifacts, runs: Path) -> None:
    """That was not requested yet."""
    folder = runs / "other" / ARTIFACTS
    folder.mkdir()
    (folder / UPLOADED).write_bytes(b"theirs")
    with store.open_reader(UPLOADED) as file:
        assert file.read() == b"theirs"


def test_unknown_ids_are_not_found(store: Artifacts) -> None:
    """Nor is anything outside of the folders."""
    with pytest.raises(ArtifactNotFound):
        store.open_reader(UPLOADED)
    with pytest.raises(ValueError, match="Invalid artifact_id"):
        store.open_reader("../study.db")


def test_removes_what_is_there_and_what_is_not(store: Artifacts, board: Board) -> None:
    """Deleting a study removes each picture it has noted, drawn or not."""
    first, second = board.missing()[:2]
    drawn = board.draw(first)
    assert drawn is not None
    board.keep(first, drawn)
    store.remove(first)
    store.remove(second)
    assert first in board.missing()
