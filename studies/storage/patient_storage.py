"""Optuna's relational storage, whose every call waits for a database that is away."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage

from studies.storage.optuna_internals import DATABASE_CALLS

if TYPE_CHECKING:
    from optuna.trial import TrialState

    from studies.storage.patience import Patience, Result

_OWN: Final = frozenset({"set_trial_state_values"})
"""Calls that fail when they are repeated after their changes were stored; each has a method here.

Others do no harm then. A trial that was created twice has no worker and no heartbeat: the next claim fails
it under the study's lock, before it counts (`studies.storage.orphans`).
"""


class PatientStorage(RDBStorage):
    """Repeats each call that failed because the database was away. Opening it does not wait."""

    def __init__(self, url: str, *, patience: "Patience", **settings: Any) -> None:
        """Opens a storage.

        Args:
            url: As Optuna takes it.
            patience: How long to wait.
            **settings: Those of `optuna.storages.RDBStorage`.
        """
        self.patience = patience
        super().__init__(url, **settings)

    def set_trial_state_values(
        self, trial_id: int, state: "TrialState", values: Sequence[float] | None = None
    ) -> bool:
        """Sets a trial's state and values.

        What an earlier try stored before its answer was lost is found, and is no error.
        """
        tries = 0

        def call() -> bool:
            nonlocal tries
            tries += 1
            try:
                return RDBStorage.set_trial_state_values(self, trial_id, state, values)
            except UpdateFinishedTrialError:
                stored = RDBStorage.get_trial(self, trial_id)
                is_done = stored.state is state and (
                    values is None or stored.values == [float(value) for value in values]
                )
                if tries == 1 or not is_done:
                    raise
                return True

        return self.patience.run(call)


def patiently(storage: RDBStorage, call: "Callable[[], Result]") -> "Result":
    """The result of a call that uses a storage's engine, with the storage's patience, if it has any."""
    return storage.patience.run(call) if isinstance(storage, PatientStorage) else call()


def _patient(method: "Callable[..., Result]") -> "Callable[..., Result]":
    @functools.wraps(method)
    def call(self: PatientStorage, *args: Any, **kwargs: Any) -> "Result":
        return self.patience.run(lambda: method(self, *args, **kwargs))

    return call


for _name in DATABASE_CALLS - _OWN:
    setattr(PatientStorage, _name, _patient(getattr(RDBStorage, _name)))
