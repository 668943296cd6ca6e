"""All databases of the page as one storage, so that optuna-dashboard lists all studies.

A runs folder has a SQLite file for each study, and optuna-dashboard serves one storage. So the ids of
each database are shifted by its index times a step, and every call is forwarded to the database to
which the id belongs. The ids of the first database are not shifted.
"""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.storages import BaseStorage

from studies.dashboard.attributes import Attributes, with_shifted_ids
from studies.dashboard.databases import STUDY_STEP, Database, Databases
from studies.storage import optuna_internals as internals

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial, TrialState

    from studies.storage.optuna_internals import StoredStudy


class CombinedStorage(BaseStorage):
    """The studies of several databases, as one storage in Optuna's sense."""

    def __init__(self, databases: Databases) -> None:
        """Sets the databases.

        Args:
            databases: The databases that hold the studies.
        """
        self._databases = databases

    # Methods for all studies.

    def get_all_studies(self) -> "list[StoredStudy]":
        """All studies of all databases; a study with the name of an earlier one is named with its folder."""
        studies: list[StoredStudy] = []
        names: set[str] = set()
        for database in self._databases.all():
            for study in database.studies():
                if self._databases.is_folder and internals.study_id(study) >= STUDY_STEP:
                    continue
                listed = internals.with_study_id(
                    study, internals.study_id(study) + database.study_offset
                )
                listed.system_attrs = _to_page(database, study.system_attrs)
                if listed.study_name in names and database.folder is not None:
                    listed.study_name = f"{study.study_name} (in {database.folder.name})"
                names.add(listed.study_name)
                studies.append(listed)
        return studies

    def get_study_id_from_name(self, study_name: str) -> int:
        """The id of the study of a name."""
        for study in self.get_all_studies():
            if study.study_name == study_name:
                return internals.study_id(study)
        raise KeyError(study_name)

    def get_study_name_from_id(self, study_id: int) -> str:
        """The name under which the study is listed."""
        for study in self.get_all_studies():
            if internals.study_id(study) == study_id:
                return study.study_name
        raise KeyError(study_id)

    def create_new_study(
        self, directions: "Sequence[StudyDirection]", study_name: str | None = None
    ) -> int:
        """Makes a study in the first database."""
        return self._databases.first.storage.create_new_study(directions, study_name)

    # Methods for one study.

    def delete_study(self, study_id: int) -> None:
        """Deletes it."""
        database, local_id = self._databases.of_study(study_id)
        database.storage.delete_study(local_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, local_id = self._databases.of_study(study_id)
        database.storage.set_study_user_attr(local_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Sets an attribute; trial ids in its key are those of the page."""
        database, local_id = self._databases.of_study(study_id)
        by = {"studies": -database.study_offset, "trials": -database.trial_offset}
        for local_key, local_value in with_shifted_ids({key: value}, **by).items():
            database.storage.set_study_system_attr(local_id, local_key, local_value)

    def get_study_directions(self, study_id: int) -> "list[StudyDirection]":
        """Its directions."""
        database, local_id = self._databases.of_study(study_id)
        return database.storage.get_study_directions(local_id)

    def get_study_user_attrs(self, study_id: int) -> Attributes:
        """Its attributes."""
        database, local_id = self._databases.of_study(study_id)
        return database.storage.get_study_user_attrs(local_id)

    def get_study_system_attrs(self, study_id: int) -> Attributes:
        """Its attributes; trial ids in their keys are those of the page."""
        database, local_id = self._databases.of_study(study_id)
        return _to_page(database, database.storage.get_study_system_attrs(local_id))

    def create_new_trial(self, study_id: int, template_trial: "FrozenTrial | None" = None) -> int:
        """Makes a trial."""
        database, local_id = self._databases.of_study(study_id)
        return database.storage.create_new_trial(local_id, template_trial) + database.trial_offset

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: "Container[TrialState] | None" = None,
    ) -> "list[FrozenTrial]":
        """Its trials."""
        database, local_id = self._databases.of_study(study_id)
        trials = database.storage.get_all_trials(local_id, deepcopy=deepcopy, states=states)
        return [_of_page(database, trial) for trial in trials]

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id of a trial."""
        database, local_id = self._databases.of_study(study_id)
        trial_id = database.storage.get_trial_id_from_study_id_trial_number(local_id, trial_number)
        return trial_id + database.trial_offset

    # Methods for one trial.

    def get_trial(self, trial_id: int) -> "FrozenTrial":
        """The trial."""
        database, local_id = self._databases.of_trial(trial_id)
        return _of_page(database, database.storage.get_trial(local_id))

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: "BaseDistribution",
    ) -> None:
        """Sets a parameter."""
        database, local_id = self._databases.of_trial(trial_id)
        database.storage.set_trial_param(local_id, param_name, param_value_internal, distribution)

    def set_trial_state_values(
        self, trial_id: int, state: "TrialState", values: Sequence[float] | None = None
    ) -> bool:
        """Ends or starts it."""
        database, local_id = self._databases.of_trial(trial_id)
        return database.storage.set_trial_state_values(local_id, state, values)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Reports a value."""
        database, local_id = self._databases.of_trial(trial_id)
        database.storage.set_trial_intermediate_value(local_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, local_id = self._databases.of_trial(trial_id)
        database.storage.set_trial_user_attr(local_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, local_id = self._databases.of_trial(trial_id)
        database.storage.set_trial_system_attr(local_id, key, value)


def _to_page(database: Database, attributes: Mapping[str, Any]) -> Attributes:
    return with_shifted_ids(attributes, studies=database.study_offset, trials=database.trial_offset)


def _of_page(database: Database, trial: "FrozenTrial") -> "FrozenTrial":
    if database.trial_offset == 0:
        return trial
    return internals.with_trial_id(trial, internals.trial_id(trial) + database.trial_offset)
