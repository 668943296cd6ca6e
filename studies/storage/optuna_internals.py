"""All uses of private parts of Optuna 5 and optuna-dashboard.

Ids of studies and trials, the attribute of a queued point, tables of the database, and methods of two
samplers are not public. No other module uses them, and
`tests/studies/storage/test_optuna_internals.py` has a test for each. To move to another version of
Optuna, run that file first and fix what fails here.
"""

import copy
import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from optuna.samplers import GPSampler, QMCSampler
from sqlalchemy import text

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.study import StudySummary
    from optuna.study._frozen import FrozenStudy
    from optuna.trial import FrozenTrial, Trial

    StoredStudy = FrozenStudy
    """A study as a storage lists it."""

_QUEUED_POINT: Final = "fixed_params"
"""System attribute in which `Study.enqueue_trial` stores the point."""
DATABASE_CALLS: Final = frozenset(
    {
        *("create_new_study", "delete_study", "set_study_user_attr", "set_study_system_attr"),
        *("get_study_id_from_name", "get_study_name_from_id", "get_study_directions"),
        *("get_study_user_attrs", "get_study_system_attrs", "get_all_studies", "_create_new_trial"),
        *("_set_trial_param", "get_trial_param", "set_trial_state_values", "get_trial"),
        *("set_trial_intermediate_value", "set_trial_user_attr", "set_trial_system_attr"),
        *("get_trial_user_attrs", "get_trial_system_attrs", "_get_trials", "_get_best_trial_id"),
        *("get_trial_id_from_study_id_trial_number", "record_heartbeat", "_get_stale_trial_ids"),
    }
)
"""Methods of `RDBStorage` that begin a transaction; all others call these."""
_WITHOUT_HEARTBEAT: Final = text(
    "SELECT trials.trial_id FROM trials "
    "JOIN studies ON studies.study_id = trials.study_id "
    "LEFT JOIN trial_heartbeats ON trial_heartbeats.trial_id = trials.trial_id "
    "WHERE studies.study_name = :study AND trials.state = 'RUNNING' "
    "AND trial_heartbeats.trial_id IS NULL"
)
_UPSERT: Final = text(
    "INSERT INTO study_system_attributes (study_id, key, value_json) "
    "SELECT study_id, CAST(:key AS VARCHAR), CAST(:value AS TEXT) FROM studies "
    "WHERE study_id = :study "
    "ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json"
)
"""Writes nothing for a study that was just deleted: SQLite may give its id to the next study."""
_RENAME_OF_STUDY: Final = text(
    "UPDATE study_user_attributes SET key = :new WHERE study_id = :study AND key = :old"
)
_RENAME_OF_TRIALS: Final = text(
    "UPDATE trial_user_attributes SET key = :new WHERE key = :old "
    "AND trial_id IN (SELECT trial_id FROM trials WHERE study_id = :study)"
)


def study_id(study: "optuna.Study | StudySummary | FrozenStudy") -> int:
    """A study's id in its storage."""
    return study._study_id  # noqa: SLF001


def trial_id(trial: "Trial | FrozenTrial") -> int:
    """A trial's id in its storage; its number counts within the study."""
    return trial._trial_id  # noqa: SLF001


def with_study_id(study: "FrozenStudy", new: int) -> "FrozenStudy":
    """A copy of a listed study under another id."""
    moved = copy.copy(study)
    moved._study_id = new  # noqa: SLF001
    return moved


def with_trial_id(trial: "FrozenTrial", new: int) -> "FrozenTrial":
    """A copy of a trial under another id."""
    moved = copy.copy(trial)
    moved._trial_id = new  # noqa: SLF001
    return moved


def queued_point(trial: "FrozenTrial") -> Mapping[str, Any] | None:
    """The values that a trial was queued with; `None` if it was not queued."""
    point: Mapping[str, Any] | None = trial.system_attrs.get(_QUEUED_POINT)
    return point


def running_without_heartbeat(storage: "RDBStorage", study_name: str) -> list[int]:
    """Ids of a study's running trials that never recorded a heartbeat.

    Optuna's `fail_stale_trials` looks at recorded heartbeats only, so it never finds them.
    """
    with storage.engine.connect() as connection:
        rows = connection.execute(_WITHOUT_HEARTBEAT, {"study": study_name})
        return [int(number) for number in rows.scalars().all()]


def write_study_attributes(
    storage: "RDBStorage", study: int, attributes: Mapping[str, Any]
) -> None:
    """Writes system attributes of a study in one transaction; a transaction for each would take minutes.

    Args:
        storage: The study's storage.
        study: The study's id.
        attributes: JSON values by key.
    """
    rows = [
        {"study": study, "key": key, "value": json.dumps(value)}
        for key, value in attributes.items()
    ]
    if rows:
        with storage.engine.begin() as connection:
            connection.execute(_UPSERT, rows)


def rename_attributes(storage: "RDBStorage", study: int, new_names: Mapping[str, str]) -> None:
    """Renames user attributes of a study and of its trials in one transaction.

    Optuna does not change attributes of finished trials. Call it before the trials are read, since
    Optuna keeps finished trials in memory.

    Args:
        storage: The study's storage.
        study: The study's id.
        new_names: New names by old ones; others stay.
    """
    rows = [{"study": study, "old": old, "new": new} for old, new in new_names.items()]
    with storage.engine.begin() as connection:
        connection.execute(_RENAME_OF_STUDY, rows)
        connection.execute(_RENAME_OF_TRIALS, rows)


class PlacedQMCSampler(QMCSampler):
    """Optuna's quasi-Monte Carlo sampler at an index of the sequence that the caller sets.

    Optuna keeps the index in the storage and reads and writes it in two steps, so two workers that
    suggest at the same time may get the same point.
    """

    place = 0
    """Index of the next point in the sequence, from 0."""

    def _find_sample_id(
        self, study: "optuna.Study", search_space: "dict[str, BaseDistribution]"
    ) -> int:
        return self.place


class ObservedGPSampler(GPSampler):
    """Optuna's Gaussian process on observations that a subclass chooses."""

    @abstractmethod
    def observe(
        self, study: "optuna.Study", search_space: "dict[str, BaseDistribution]"
    ) -> "list[FrozenTrial] | None":
        """Complete trials to fit the process to, perhaps artificial ones; `None` for no suggestion."""

    def _sample_relative_impl(
        self,
        study: "optuna.Study",
        completed_trials: "list[FrozenTrial]",
        running_trials: "list[FrozenTrial]",
        search_space: "dict[str, BaseDistribution]",
    ) -> dict[str, Any]:
        observed = self.observe(study, search_space)
        if observed is None:
            return {}
        return super()._sample_relative_impl(study, observed, running_trials, search_space)
