"""`studies.dashboard.databases`: the files behind the page, as they come and go."""

import shutil
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from storages import new_study

from studies.dashboard import databases
from studies.dashboard.databases import STUDY_STEP, TRIAL_STEP, Databases
from studies.errors import StudyError
from studies.storage.open import storage_url


@pytest.fixture
def messages() -> list[str]:
    """Lines for the user."""
    return []


@pytest.fixture
def both(study: optuna.Study, runs: Path, messages: list[str]) -> Databases:
    """The small study's database, and another's."""
    new_study(runs, "another").add_trial(
        optuna.trial.create_trial(state=TrialState.COMPLETE, value=1.0)
    )
    return Databases(runs, "tiny", None, notify=messages.append)


def names(databases: Databases) -> list[str]:
    return [study.study_name for database in databases.all() for study in database.studies()]


def test_the_one_asked_for_is_first(both: Databases) -> None:
    """Its ids are as they are in its file."""
    assert names(both) == ["tiny", "another"]
    assert both.of_study(1) == (both.first, 1)
    assert both.of_trial(7) == (both.first, 7)


def test_ids_lead_to_their_database(both: Databases) -> None:
    """A study's and a trial's."""
    second = both.all()[1]
    assert both.of_study(STUDY_STEP + 1) == (second, 1)
    assert both.of_trial(TRIAL_STEP + 1) == (second, 1)
    for unknown in (5 * STUDY_STEP, -1):
        with pytest.raises(KeyError):
            both.of_study(unknown)


def test_a_new_study_is_found(both: Databases, runs: Path) -> None:
    """One that was started while the page is open."""
    both.all()
    new_study(runs, "later")
    assert names(both) == ["tiny", "another", "later"]


def test_a_deleted_one_is_gone_and_another_keeps_its_place(both: Databases, runs: Path) -> None:
    """A bookmarked address never leads to another study."""
    new_study(runs, "later")
    both.all()
    shutil.rmtree(runs / "another")
    assert names(both) == ["tiny", "later"]
    databases, _ = both.of_study(2 * STUDY_STEP + 1)
    assert databases.folder == runs / "later"


def test_one_that_was_begun_anew_is_read_anew(both: Databases, runs: Path) -> None:
    """At its place: the file that was open is not the one of that name any more."""
    assert len(both.all()[1].storage.get_all_trials(1)) == 1
    shutil.rmtree(runs / "another")
    new_study(runs, "another")
    assert names(both) == ["tiny", "another"]
    assert both.all()[1].storage.get_all_trials(1) == []


def test_a_file_that_is_no_database_is_left_out(
    both: Databases, runs: Path, messages: list[str]
) -> None:
    """And reported once."""
    (runs / "broken").mkdir()
    (runs / "broken" / "study.db").write_text("not a database, but long enough to be read as one")
    assert names(both) == names(both) == ["tiny", "another"]
    assert len(messages) == 1
    assert "file is not a database" in messages[0]


def test_a_database_in_the_making_is_taken_later(
    both: Databases, runs: Path, messages: list[str]
) -> None:
    """Its tables do not exist yet at the first look."""
    (runs / "later").mkdir()
    (runs / "later" / "study.db").touch()
    assert names(both) == ["tiny", "another"]
    new_study(runs, "later")
    assert names(both) == ["tiny", "another", "later"]


def test_a_named_storage_is_the_only_one(study: optuna.Study, runs: Path) -> None:
    """Its ids are not shifted, however large."""
    new_study(runs, "another")
    url = storage_url(runs, "tiny", None)
    databases = Databases(runs, "tiny", url, notify=print)
    assert names(databases) == ["tiny"]
    assert databases.of_study(5 * STUDY_STEP) == (databases.first, 5 * STUDY_STEP)


def test_studies_are_read_again_when_their_file_changes(
    both: Databases, study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not where it does not: the page asks every few seconds for all of them."""
    monkeypatch.setattr(databases, "_SETTLED_SECONDS", -1.0)
    first = both.first.studies()
    assert both.first.studies() is first
    study.set_user_attr("new", 1)
    assert both.first.studies()[0].user_attrs["new"] == 1


def test_a_file_that_changed_just_now_is_read_again(both: Databases) -> None:
    """It may change once more within a tick of its clock."""
    assert both.first.studies() is not both.first.studies()


def test_no_storage_is_one_line(runs: Path) -> None:
    """As everywhere."""
    with pytest.raises(StudyError, match="there is no storage at"):
        Databases(runs, "nothing", None, notify=print)
