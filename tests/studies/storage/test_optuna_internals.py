"""Private parts of Optuna and optuna-dashboard on which this project depends.

A failure here after an update of Optuna says what to mend in `studies/storage/optuna_internals.py`.
"""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from storages import new_storage

from studies.storage import optuna_internals as internals

SPACE: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


@pytest.fixture
def storage(tmp_path: Path) -> RDBStorage:
    """A fresh SQLite storage."""
    return RDBStorage(new_storage(tmp_path, "internals"), skip_table_creation=True)


@pytest.fixture
def study(storage: RDBStorage) -> optuna.Study:
    """The second study of its storage, so that its id is not 1."""
    optuna.create_study(study_name="other", storage=storage)
    return optuna.create_study(study_name="tiny", storage=storage, direction="maximize")


def test_a_study_says_its_id(study: optuna.Study, storage: RDBStorage) -> None:
    """As an open study, in a summary, and as a storage lists it."""
    (summary,) = (s for s in optuna.get_all_study_summaries(storage) if s.study_name == "tiny")
    (listed,) = (s for s in storage.get_all_studies() if s.study_name == "tiny")
    expected = storage.get_study_id_from_name("tiny")
    assert expected == 2
    assert [internals.study_id(s) for s in (study, summary, listed)] == [expected] * 3


def test_a_trial_says_its_id(study: optuna.Study, storage: RDBStorage) -> None:
    """Running or finished; ids count over all studies of a storage."""
    optuna.load_study(study_name="other", storage=storage).ask()
    trial = study.ask()
    expected = storage.get_trial_id_from_study_id_trial_number(internals.study_id(study), 0)
    assert internals.trial_id(trial) == expected == 2
    assert internals.trial_id(study.get_trials()[0]) == expected


def test_a_copy_has_another_id_and_the_original_keeps_its_id(
    study: optuna.Study, storage: RDBStorage
) -> None:
    """All else is shared."""
    study.ask()
    (trial,) = study.get_trials()
    moved = internals.with_trial_id(trial, 77)
    assert (internals.trial_id(moved), internals.trial_id(trial)) == (77, 1)
    assert moved.number == trial.number
    listed = storage.get_all_studies()[1]
    assert internals.study_id(internals.with_study_id(listed, 88)) == 88
    assert internals.study_id(listed) == 2


def test_a_queued_trial_tells_its_point_before_it_runs(study: optuna.Study) -> None:
    """Whole or in part; a trial that was asked for has none."""
    study.enqueue_trial({"x": 0.25})
    study.enqueue_trial({})
    study.enqueue_trial({"x": 0.5, "y": 0.75})
    for _ in range(4):
        study.ask()
    points = [internals.queued_point(trial) for trial in study.get_trials()]
    assert points == [{"x": 0.25}, {}, {"x": 0.5, "y": 0.75}, None]


def test_a_trial_without_a_heartbeat_is_found(study: optuna.Study, storage: RDBStorage) -> None:
    """Of this study only, and only while it runs."""
    optuna.load_study(study_name="other", storage=storage).ask()
    with_heartbeat, without, finished = study.ask(), study.ask(), study.ask()
    storage.record_heartbeat(internals.trial_id(with_heartbeat))
    study.tell(finished, 1.0)
    without_heartbeat = internals.running_without_heartbeat(storage, "tiny")
    assert without_heartbeat == [internals.trial_id(without)]


def test_a_running_trial_may_wait_again(study: optuna.Study, storage: RDBStorage) -> None:
    """It keeps its number, its values and its reports, and is given the same values when it goes on."""
    trial = study.ask()
    value = trial.suggest_float("x", 0, 1)
    trial.report(0.5, step=1)
    storage.set_trial_state_values(internals.trial_id(trial), TrialState.WAITING)
    assert study.get_trials()[0].state is TrialState.WAITING
    again = study.ask()
    assert again.number == trial.number == 0
    assert again.suggest_float("x", 0, 1) == value
    assert study.get_trials()[0].intermediate_values == {1: 0.5}


def test_attributes_are_written_together_and_replaced(
    study: optuna.Study, storage: RDBStorage
) -> None:
    """They read like Optuna's; those of a deleted study are written nowhere."""
    number = internals.study_id(study)
    internals.write_study_attributes(storage, number, {"a": {"b": [1, None]}, "c": "ä"})
    internals.write_study_attributes(storage, number, {"c": "new"})
    internals.write_study_attributes(storage, number, {})
    assert storage.get_study_system_attrs(number) == {"a": {"b": [1, None]}, "c": "new"}
    optuna.delete_study(study_name="tiny", storage=storage)
    internals.write_study_attributes(storage, number, {"d": 1})
    again = optuna.create_study(study_name="tiny", storage=storage)
    assert storage.get_study_system_attrs(internals.study_id(again)) == {}


def test_attributes_are_renamed_also_in_finished_trials(
    study: optuna.Study, storage: RDBStorage
) -> None:
    """Of this study only; others keep theirs."""
    other = optuna.create_study(study_name="another", storage=storage)
    for one in (study, other):
        one.set_user_attr("old", 1)
        one.add_trial(optuna.create_trial(value=0.0, user_attrs={"old": 2, "own": 3}))
    internals.rename_attributes(storage, internals.study_id(study), {"old": "new", "none": "x"})
    renamed = optuna.load_study(study_name=study.study_name, storage=storage)
    assert renamed.user_attrs == {"new": 1}
    assert renamed.trials[0].user_attrs == {"new": 2, "own": 3}
    kept = optuna.load_study(study_name="another", storage=storage)
    assert (kept.user_attrs, kept.trials[0].user_attrs) == ({"old": 1}, {"old": 2, "own": 3})


def test_a_place_of_the_sequence_is_a_point_whoever_asks_and_when(study: optuna.Study) -> None:
    """And no count of places is kept in the storage."""

    def point(place: int) -> dict[str, Any]:
        sampler = internals.PlacedQMCSampler(scramble=True, seed=3)
        sampler.place = place
        return sampler.sample_relative(study, study.get_trials()[0], SPACE)

    study.ask()
    points = [point(place) for place in (0, 1, 2, 1)]
    assert points[1] == points[3]
    assert points[0] != points[1] != points[2]
    assert not any(key.startswith("qmc:") for key in study._storage.get_study_system_attrs(2))


def test_a_gaussian_process_is_fitted_to_what_it_is_shown(study: optuna.Study) -> None:
    """Not to the trials of the study; without observations it suggests nothing."""
    shown = [
        create_trial(value=-((x - 0.8) ** 2), params={"x": x, "y": 0.5}, distributions=SPACE)
        for x in (0.0, 0.2, 0.4, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0)
    ]

    class Shown(internals.ObservedGPSampler):
        observations: list[FrozenTrial] | None = None

        def observe(
            self, study: optuna.Study, search_space: dict[str, BaseDistribution]
        ) -> list[FrozenTrial] | None:
            assert study.study_name == "tiny"
            assert search_space == SPACE
            return self.observations

    for x in (0.1, 0.2, 0.3):  # best far from where the observations are
        study.add_trial(create_trial(value=-x, params={"x": x, "y": 0.5}, distributions=SPACE))
    sampler = Shown(seed=1, n_startup_trials=1, deterministic_objective=True)
    study.ask()
    trial = study.get_trials()[-1]
    assert sampler.sample_relative(study, trial, SPACE) == {}
    sampler.observations = shown
    assert sampler.sample_relative(study, trial, SPACE)["x"] == pytest.approx(0.8, abs=0.1)
