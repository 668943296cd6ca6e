"""`studies.dashboard.keeper`: the thread that keeps what the page shows up to date."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from browser.make_believe import make_study
from dashboard_server import wait_for
from optuna.trial import TrialState, create_trial
from optuna_dashboard import get_note
from storages import new_study

from studies.dashboard.board import ARTIFACTS
from studies.dashboard.databases import STUDY_STEP, Databases
from studies.dashboard.keeper import Keeper
from studies.storage import engine


class Heard:
    """Lines for the user, and the progress of pictures."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.pictures: list[tuple[str, int, int]] = []

    def picture(self, study: str, done: int, total: int) -> None:
        """As the keeper tells it."""
        self.pictures.append((study, done, total))


@pytest.fixture
def heard() -> Heard:
    """Of the keeper."""
    return Heard()


@pytest.fixture
def keeper(study: optuna.Study, runs: Path, heard: Heard) -> Iterator[Keeper]:
    """Running."""
    databases = Databases(runs, "tiny", None, notify=heard.lines.append)
    keeper = Keeper(databases, notify=heard.lines.append, on_picture=heard.picture)
    keeper.start()
    yield keeper
    keeper.stop(seconds=30)
    assert not keeper.is_alive()
    databases.close()


def test_has_caught_up_when_it_says_so(keeper: Keeper, study: optuna.Study) -> None:
    """Notes and plots of what has ended by then; of a trial that ends later, the next time."""
    keeper.catch_up(1, seconds=30)
    assert "not confirmed yet" in get_note(study)
    assert any("plot_data" in key for key in study._storage.get_study_system_attrs(1))
    running = optuna.trial.Trial(study, study.trials[5]._trial_id)
    assert get_note(running) == ""
    study._storage.set_trial_state_values(running._trial_id, TrialState.PRUNED, [0.2])
    keeper.catch_up(1, seconds=30)
    assert "Trial 5: pruned" in get_note(running)


def test_draws_what_is_missing(keeper: Keeper, runs: Path, heard: Heard) -> None:
    """Tells how far it is, and is done once."""
    keeper.catch_up(1, seconds=30)
    wait_for(lambda: heard.pictures and heard.pictures[-1][1] == heard.pictures[-1][2])
    assert heard.pictures == [("tiny", n, 4) for n in (1, 2, 3, 4)]
    assert len(list((runs / "tiny" / ARTIFACTS).iterdir())) == 4


def test_looks_by_itself(
    keeper: Keeper, study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a study that was opened once."""
    monkeypatch.setattr("studies.dashboard.keeper._LOOK_SECONDS", 0.2)
    keeper.catch_up(1, seconds=30)
    study._storage.set_trial_state_values(study.trials[5]._trial_id, TrialState.PRUNED, [0.2])
    running = optuna.trial.Trial(study, study.trials[5]._trial_id)
    wait_for(lambda: "Trial 5: pruned" in get_note(running))


def test_keeps_another_study_once_it_is_asked_for(keeper: Keeper, runs: Path) -> None:
    """And not before."""
    other = make_study(runs, "other", trials=4)
    keeper.catch_up(1, seconds=30)
    assert get_note(other) == ""
    keeper.catch_up(STUDY_STEP + 1, seconds=30)
    assert "## other" in get_note(other)
    assert {board.name for board in keeper.boards()} == {"tiny", "other"}


def test_leaves_others_studies_alone(keeper: Keeper, runs: Path) -> None:
    """One that the search did not make, and ids of none."""
    foreign = new_study(runs, "foreign")
    foreign.add_trial(create_trial(state=TrialState.COMPLETE, value=1.0))
    for study_id in (STUDY_STEP + 1, STUDY_STEP + 2, 99 * STUDY_STEP, 7):
        keeper.catch_up(study_id, seconds=30)
    assert foreign._storage.get_study_system_attrs(1) == {}
    assert keeper.boards() == []
    assert keeper.is_alive()


def test_forgets_a_study_that_is_deleted(keeper: Keeper, study: optuna.Study) -> None:
    """Whoever deletes it."""
    keeper.catch_up(1, seconds=30)
    study._storage.delete_study(1)
    keeper.catch_up(1, seconds=30)
    assert keeper.boards() == []
    assert keeper.is_alive()


def test_what_cannot_be_written_is_one_line(
    study: optuna.Study, runs: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is asked; it is written when the other program has let go."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr("studies.dashboard.keeper._RETRY_SECONDS", 0.0)
    databases = Databases(runs, "tiny", None, notify=heard.lines.append)
    keeper = Keeper(databases, notify=heard.lines.append, on_picture=heard.picture)
    other = sqlite3.connect(runs / "tiny" / "study.db")
    other.execute("BEGIN IMMEDIATE")
    keeper.start()
    for _ in range(3):
        keeper.catch_up(1, seconds=30)
    assert len(heard.lines) == 1
    assert heard.lines[0].startswith("could not write notes and plots of tiny: ")
    assert "database is locked" in heard.lines[0]
    other.close()
    keeper.catch_up(1, seconds=30)
    assert get_note(study)
    keeper.stop(seconds=30)


def test_a_folder_that_cannot_be_written_is_one_line(
    study: optuna.Study, runs: Path, heard: Heard
) -> None:
    """Notes are written all the same, and nothing is drawn in vain."""
    (runs / "tiny" / ARTIFACTS).write_text("a file where the folder should be")
    databases = Databases(runs, "tiny", None, notify=heard.lines.append)
    keeper = Keeper(databases, notify=heard.lines.append, on_picture=heard.picture)
    keeper.start()
    keeper.catch_up(1, seconds=30)
    assert get_note(study)
    wait_for(lambda: heard.lines)
    keeper.catch_up(1, seconds=30)
    assert len(heard.lines) == 1
    assert heard.lines[0].startswith("could not write pictures of tiny: cannot write ")
    assert heard.pictures == []
    keeper.stop(seconds=30)


def test_no_request_waits_for_a_keeper_that_does_not_run(study: optuna.Study, runs: Path) -> None:
    """Not started, or stopped."""
    keeper = Keeper(Databases(runs, "tiny", None, notify=print), notify=print, on_picture=print)
    keeper.catch_up(1, seconds=1e6)
    keeper.start()
    keeper.stop(seconds=30)
    keeper.catch_up(1, seconds=1e6)
