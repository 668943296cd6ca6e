"""All databases of the page as one storage, so that optuna-dashboard lists all studies.

A runs folder keeps each study in a SQLite file of its own, and optuna-dashboard serves one storage.
So ids are moved apart, a database's by its place times a step, and every call goes to the database
that the id is of. The first database's ids stay as they are.
"""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.storages import BaseStorage

from studies.dashboard.attributes import moved
from studies.dashboard.databases import STUDY_STEP, Database, Databases
from studies.storage import optuna_internals as internals

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial, TrialState

    from studies.storage.optuna_internals import StoredStudy


class CombinedStorage(BaseStorage):
    """The studies of several databases. What Optuna says of each method holds here too."""

    def __init__(self, databases: Databases) -> None:
        """Takes the databases.

        Args:
            databases: Where the studies are.
        """
        self._databases = databases

    # What is of no single study.

    def get_all_studies(self) -> "list[StoredStudy]":
        """All studies of all databases; one whose name is taken also says which folder it is in."""
        found: list[StoredStudy] = []
        names: set[str] = set()
        for database in self._databases.all():
            for study in database.studies():
                if self._databases.is_folder and internals.study_id(study) >= STUDY_STEP:
                    continue
                own = internals.with_study_id(
                    study, internals.study_id(study) + database.study_offset
                )
                own.system_attrs = _to_page(database, study.system_attrs)
                if own.study_name in names and database.folder is not None:
                    own.study_name = f"{study.study_name} (in {database.folder.name})"
                names.add(own.study_name)
                found.append(own)
        return found

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

    # What is of a study.

    def delete_study(self, study_id: int) -> None:
        """Deletes it."""
        database, own = self._databases.of_study(study_id)
        database.storage.delete_study(own)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, own = self._databases.of_study(study_id)
        database.storage.set_study_user_attr(own, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Sets an attribute; trials in its key have their ids of the page."""
        database, own = self._databases.of_study(study_id)
        by = {"studies": -database.study_offset, "trials": -database.trial_offset}
        for own_key, own_value in moved({key: value}, **by).items():
            database.storage.set_study_system_attr(own, own_key, own_value)

    def get_study_directions(self, study_id: int) -> "list[StudyDirection]":
        """Its directions."""
        database, own = self._databases.of_study(study_id)
        return database.storage.get_study_directions(own)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Its attributes."""
        database, own = self._databases.of_study(study_id)
        return database.storage.get_study_user_attrs(own)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Its attributes; trials in their keys have their ids of the page."""
        database, own = self._databases.of_study(study_id)
        return _to_page(database, database.storage.get_study_system_attrs(own))

    def create_new_trial(self, study_id: int, template_trial: "FrozenTrial | None" = None) -> int:
        """Makes a trial."""
        database, own = self._databases.of_study(study_id)
        return database.storage.create_new_trial(own, template_trial) + database.trial_offset

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: "Container[TrialState] | None" = None,
    ) -> "list[FrozenTrial]":
        """Its trials."""
        database, own = self._databases.of_study(study_id)
        trials = database.storage.get_all_trials(own, deepcopy=deepcopy, states=states)
        return [_of_page(database, trial) for trial in trials]

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id of a trial."""
        database, own = self._databases.of_study(study_id)
        found = database.storage.get_trial_id_from_study_id_trial_number(own, trial_number)
        return found + database.trial_offset

    # What is of a trial.

    def get_trial(self, trial_id: int) -> "FrozenTrial":
        """The trial."""
        database, own = self._databases.of_trial(trial_id)
        return _of_page(database, database.storage.get_trial(own))

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: "BaseDistribution",
    ) -> None:
        """Sets a parameter."""
        database, own = self._databases.of_trial(trial_id)
        database.storage.set_trial_param(own, param_name, param_value_internal, distribution)

    def set_trial_state_values(
        self, trial_id: int, state: "TrialState", values: Sequence[float] | None = None
    ) -> bool:
        """Ends or starts it."""
        database, own = self._databases.of_trial(trial_id)
        return database.storage.set_trial_state_values(own, state, values)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Reports a value."""
        database, own = self._databases.of_trial(trial_id)
        database.storage.set_trial_intermediate_value(own, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, own = self._databases.of_trial(trial_id)
        database.storage.set_trial_user_attr(own, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Sets an attribute."""
        database, own = self._databases.of_trial(trial_id)
        database.storage.set_trial_system_attr(own, key, value)


def _to_page(database: Database, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return moved(attributes, studies=database.study_offset, trials=database.trial_offset)


def _of_page(database: Database, trial: "FrozenTrial") -> "FrozenTrial":
    if database.trial_offset == 0:
        return trial
    return internals.with_trial_id(trial, internals.trial_id(trial) + database.trial_offset)
