"""`studies.dashboard.board`: a study's notes, pictures and plots, written once and no more than is new."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import optuna
import pytest
from browser.make_believe import make_study
from optuna.trial import TrialState, create_trial
from optuna_dashboard import get_note, save_note
from optuna_dashboard.artifact._backend import get_trial_artifact_meta
from storages import new_study

from studies.dashboard import board as board_module
from studies.dashboard import trial_note
from studies.dashboard.board import ARTIFACTS, Board
from studies.dashboard.databases import Database
from studies.errors import StudyError
from studies.records import attributes
from studies.storage import engine
from studies.storage.open import open_storage, storage_url


class Writes:
    """What was written, attribute by attribute."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[str] = []
        self._real = board_module.write_attributes
        monkeypatch.setattr(board_module, "write_attributes", self._write)

    def _write(self, storage: Any, url: str, study_id: int, attributes: dict[str, Any]) -> None:
        self.keys += attributes
        self._real(storage, url, study_id, attributes)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Writes:
    """Of all boards."""
    return Writes(monkeypatch)


@pytest.fixture
def messages() -> list[str]:
    """Lines for the user."""
    return []


def open_board(runs: Path, name: str, messages: list[str], *, url: str | None = None) -> Board:
    database = Database(
        url or storage_url(runs, name, None), folder=None if url else runs / name, place=0
    )
    return Board(database, 1, runs=runs, notify=messages.append)


def test_each_ended_trial_has_a_note_and_a_picture(
    study: optuna.Study, runs: Path, messages: list[str]
) -> None:
    """optuna-dashboard finds the picture by its id; what is under way has neither."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    storage = study._storage
    for trial in study.trials:
        note = get_note(optuna.trial.Trial(study, trial._trial_id))
        assert bool(note) == trial.state.is_finished()
    (name, *others) = reversed(board.missing())
    assert len(others) == 3, "the one that failed has no curves"
    meta = get_trial_artifact_meta(storage, 1, study.trials[0]._trial_id, name)
    assert meta is not None
    assert meta["mimetype"] == "image/png"
    assert f"(/artifacts/1/{study.trials[0]._trial_id}/{name})" in get_note(
        optuna.trial.Trial(study, study.trials[0]._trial_id)
    )


def test_opening_twice_writes_nothing_twice(
    study: optuna.Study, runs: Path, messages: list[str], writes: Writes
) -> None:
    """Neither notes nor plots nor records of pictures, by the same board and by a new one."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    board.write_plots()
    assert writes.keys
    writes.keys.clear()
    for again in (board, open_board(runs, "tiny", messages)):
        again.write_notes()
        again.write_plots()
        assert writes.keys == []


def test_only_what_is_new_is_written(
    study: optuna.Study, runs: Path, messages: list[str], writes: Writes
) -> None:
    """A trial that ends while the page is open: its note, its picture, and the study's note."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    writes.keys.clear()
    study._storage.set_trial_state_values(study.trials[5]._trial_id, TrialState.PRUNED, [0.2])
    board.write_notes()
    kinds = [key.split(":")[1] for key in writes.keys]
    trial = str(study.trials[5]._trial_id)
    assert sorted(kinds) == sorted([trial, trial, "artifacts", "note_str"])


def test_a_note_by_hand_is_left_and_told_of(
    study: optuna.Study, runs: Path, messages: list[str]
) -> None:
    """In one line, once; a trial's note by hand is left as well."""
    save_note(study, "my own")
    save_note(optuna.trial.Trial(study, study.trials[2]._trial_id), "my own")
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    study.set_user_attr(attributes.TOTAL, 9)
    board.write_notes()
    assert get_note(study) == "my own"
    assert get_note(optuna.trial.Trial(study, study.trials[2]._trial_id)) == "my own"
    assert messages == ["the note of tiny was written by hand and is left as it is"]


def test_a_trials_note_of_an_older_form_is_made_anew(
    study: optuna.Study, runs: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But one that a person edited is not."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    first, edited = (optuna.trial.Trial(study, t._trial_id) for t in study.trials[:2])
    save_note(edited, get_note(edited).replace("complete", "superb"))
    monkeypatch.setattr(trial_note, "VERSION", 2)
    open_board(runs, "tiny", messages).write_notes()
    assert "avq-search 2 " in get_note(first)
    assert "superb" in get_note(edited)


def test_a_picture_is_drawn_and_kept(study: optuna.Study, runs: Path, messages: list[str]) -> None:
    """In the study's folder, under its id; then it is missing no more."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    name = board.missing()[0]
    drawn = board.draw(name)
    assert drawn is not None
    board.keep(name, drawn)
    assert (runs / "tiny" / ARTIFACTS / name).read_bytes()[:4] == b"\x89PNG"
    assert name not in board.missing()
    assert board.draw("00000000-0000-0000-0000-000000000000") is None


def test_a_study_of_another_program_is_not_changed(
    runs: Path, messages: list[str], study: optuna.Study
) -> None:
    """Nor is one that was deleted."""
    foreign = new_study(runs, "foreign")
    foreign.add_trial(create_trial(state=TrialState.COMPLETE, value=1.0))
    foreign.set_user_attr("identity", "cmu-mosi")
    assert not open_board(runs, "foreign", messages).is_ours
    ours = open_board(runs, "tiny", messages)
    assert ours.is_ours
    study._storage.delete_study(1)
    assert not ours.is_ours


def test_a_study_of_two_objectives_has_all(runs: Path, messages: list[str]) -> None:
    """The note shows the front."""
    study = make_study(runs, "both", trials=12, pareto=True)
    board = open_board(runs, "both", messages)
    board.write_notes()
    board.write_plots()
    assert "### The front" in get_note(study)
    assert len(board.missing()) == 12


def test_a_locked_database_is_one_line(
    study: optuna.Study, runs: Path, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the other program does not let go in time."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    board = open_board(runs, "tiny", messages)
    other = sqlite3.connect(runs / "tiny" / "study.db")
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StudyError, match="database is locked; another program holds it"):
            board.write_notes()
    finally:
        other.close()
    board.write_notes()
    assert get_note(study)


def test_works_beside_a_writer(study: optuna.Study, runs: Path, messages: list[str]) -> None:
    """Another connection's transactions come in between and stay whole."""
    board = open_board(runs, "tiny", messages)
    for round_ in range(5):
        study.add_trial(study.trials[3])
        board.write_notes()
        study.set_user_attr("round", round_)
    assert len(board.missing()) == 9
    assert study.user_attrs["round"] == 4


def test_nothing_is_written_of_a_study_that_was_just_deleted(
    study: optuna.Study, runs: Path, messages: list[str]
) -> None:
    """The next study of that database gets its id, and would get its plots."""
    board = open_board(runs, "tiny", messages)
    board.write_notes()
    study._storage.delete_study(1)
    with pytest.raises(StudyError, match="the study was deleted in the meantime"):
        board.write_plots()
    board_module.write_attributes(board.database.rdb, board.database.url, 1, {"late": 1})
    new = optuna.create_study(study_name="new", storage=study._storage)
    assert new._study_id == 1
    assert study._storage.get_study_system_attrs(1) == {}


@pytest.mark.slow
def test_works_on_postgresql(runs: Path, messages: list[str], postgresql_storage: str) -> None:
    """Notes, plots, pictures; again without a write. No password is in the note's commands."""
    made = make_study(runs, "made", trials=8)
    storage = open_storage(postgresql_storage)
    optuna.copy_study(from_study_name="made", from_storage=made._storage, to_storage=storage)
    study = optuna.load_study(study_name="made", storage=storage)
    board = open_board(runs, "made", messages, url=postgresql_storage)
    board.write_notes()
    board.write_plots()
    stored = study._storage.get_study_system_attrs(1)
    assert "--storage" in get_note(study)
    assert json.loads(stored["dashboard:plot_data:avq-history:0"])["data"]
    assert board.folder == runs / "made" / ARTIFACTS
    again = open_board(runs, "made", messages, url=postgresql_storage)
    again.write_notes()
    again.write_plots()
    assert study._storage.get_study_system_attrs(1) == stored
    for opened in (storage, board.database.rdb, again.database.rdb):
        opened.engine.dispose()
