"""`studies.dashboard.combined`: several databases as one storage."""

from pathlib import Path

import optuna
import pytest
from browser.make_believe import make_study
from optuna.trial import TrialState
from optuna_dashboard import get_note, save_note

from studies.dashboard.combined import CombinedStorage
from studies.dashboard.databases import STUDY_STEP, TRIAL_STEP, Databases
from studies.storage.open import storage_url

OTHER = STUDY_STEP + 1
"""Id of the second database's study."""


@pytest.fixture
def other(study: optuna.Study, runs: Path) -> optuna.Study:
    """A study in a separate database, beside the small one."""
    return make_study(runs, "other", trials=6)


@pytest.fixture
def storage(other: optuna.Study, runs: Path) -> CombinedStorage:
    """Both."""
    return CombinedStorage(Databases(runs, "tiny", None, notify=print))


def test_lists_the_studies_of_both(storage: CombinedStorage) -> None:
    """Under ids that are apart."""
    trial = {s._study_id: s.study_name for s in storage.get_all_studies()}
    assert trial == {1: "tiny", OTHER: "other"}


@pytest.mark.parametrize("name", ["tiny", "other"])
def test_optuna_loads_a_study_by_its_name(storage: CombinedStorage, name: str) -> None:
    """With its trials, and ids that lead back to them."""
    study = optuna.load_study(study_name=name, storage=storage)
    assert len(study.trials) == {"tiny": 7, "other": 6}[name]
    for trial in study.trials:
        assert storage.get_trial(trial._trial_id).params == trial.params
        number = storage.get_trial_number_from_id(trial._trial_id)
        assert number == trial.number
        again = storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
        assert again == trial._trial_id
    assert study.best_trial.value == max(t.value for t in study.trials if t.value is not None)
    assert storage.get_study_name_from_id(study._study_id) == name
    assert storage.get_study_directions(study._study_id) == study.directions


def test_what_finished_in_a_database_stays_as_it_is(
    storage: CombinedStorage, other: optuna.Study
) -> None:
    """Other ids are given to copies: the database keeps its trials at hand."""
    ids = [trial._trial_id for trial in storage.get_all_trials(OTHER, deepcopy=False)]
    assert ids == [trial._trial_id for trial in storage.get_all_trials(OTHER, deepcopy=False)]
    assert ids == [TRIAL_STEP + trial._trial_id for trial in other.trials]


def test_attributes_of_trials_have_the_pages_ids(
    storage: CombinedStorage, other: optuna.Study
) -> None:
    """What is written can be read again, and is stored under the id of the database."""
    trial = TRIAL_STEP + other.trials[3]._trial_id
    storage.set_study_system_attr(OTHER, f"dashboard:{trial}:note_str:0", "by hand")
    assert storage.get_study_system_attrs(OTHER)[f"dashboard:{trial}:note_str:0"] == "by hand"
    attributes = other._storage.get_study_system_attrs(1)
    assert attributes[f"dashboard:{other.trials[3]._trial_id}:note_str:0"] == "by hand"


def test_a_note_of_a_person_reaches_the_other_database(
    storage: CombinedStorage, other: optuna.Study, study: optuna.Study
) -> None:
    """And no other one."""
    save_note(optuna.load_study(study_name="other", storage=storage), "by hand")
    assert get_note(other) == "by hand"
    assert get_note(study) == ""


def test_a_running_trial_is_written_to_where_it_is(
    storage: CombinedStorage, other: optuna.Study
) -> None:
    """Attributes, a value, its end."""
    trial = storage.create_new_trial(OTHER)
    storage.set_trial_user_attr(trial, "noted", 1)
    storage.set_trial_system_attr(trial, "kept", 2)
    storage.set_trial_intermediate_value(trial, 1, 0.5)
    assert storage.set_trial_state_values(trial, TrialState.COMPLETE, [0.5])
    trial = other.trials[-1]
    assert (trial.user_attrs["noted"], trial.value) == (1, 0.5)
    assert trial.intermediate_values == {1: 0.5}


def test_a_name_that_is_taken_says_its_folder(runs: Path, study: optuna.Study) -> None:
    """A folder that was copied: both are listed, and each id leads to its study."""
    make_study(runs, "other", trials=3)
    (runs / "other").rename(runs / "copy")
    make_study(runs, "other", trials=6)
    storage = CombinedStorage(Databases(runs, "tiny", None, notify=print))
    names = {s.study_name: s._study_id for s in storage.get_all_studies()}
    assert list(names) == ["tiny", "other", "other (in other)"]
    for name, num in (("other", 3), ("other (in other)", 6)):
        assert len(optuna.load_study(study_name=name, storage=storage).trials) == num


def test_deletes_where_it_is(storage: CombinedStorage, study: optuna.Study) -> None:
    """The other study still exists."""
    storage.delete_study(OTHER)
    assert [s.study_name for s in storage.get_all_studies()] == ["tiny"]
    with pytest.raises(KeyError):
        storage.get_study_id_from_name("other")
    with pytest.raises(KeyError):
        storage.get_study_name_from_id(OTHER)


def test_a_named_storage_takes_new_studies(study: optuna.Study, runs: Path) -> None:
    """As plain optuna-dashboard's would."""
    url = storage_url(runs, "tiny", None)
    storage = CombinedStorage(Databases(runs, "tiny", url, notify=print))
    made = optuna.create_study(study_name="new", storage=storage)
    made.enqueue_trial({"x": 1.0})
    made.set_user_attr("a", 1)
    assert storage.get_study_user_attrs(made._study_id) == {"a": 1}
    assert [t.number for t in optuna.load_study(study_name="new", storage=url).trials] == [0]
