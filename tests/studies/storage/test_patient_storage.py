"""A storage whose database goes away, before or after a change was stored."""

import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path

import optuna
import psycopg
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import TrialState, create_trial
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from storages import new_storage

from studies.storage.open import open_storage
from studies.storage.optuna_internals import DATABASE_CALLS, running_without_heartbeat, trial_id
from studies.storage.orphans import fail_orphans
from studies.storage.patience import Patience
from studies.storage.patient_storage import PatientStorage, patiently

pytestmark = pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed")


def lost() -> OperationalError:
    cause = psycopg.OperationalError("server closed the connection unexpectedly")
    return OperationalError("COMMIT", {}, cause)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def storage(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> RDBStorage:
    """A patient storage in which waiting takes no time, Optuna's own waiting included."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    url = new_storage(tmp_path, "one")
    clock = itertools.count(0, 0.01)
    patience = Patience(url, say=said.append, clock=lambda: next(clock), sleep=lambda _: None)
    return open_storage(url, patience=patience)


@pytest.fixture
def study(storage: RDBStorage) -> optuna.Study:
    return optuna.create_study(study_name="one", storage=storage, direction="maximize")


class Outage:
    """Loses the next sessions of a storage when they commit."""

    def __init__(self) -> None:
        self.before = 0
        """How many are lost before their changes are stored."""
        self.after = 0
        """How many that write are lost after that, so that only the answer is missing."""
        self._writes = False

    def before_commit(self, _: Session) -> None:
        """Nothing was stored."""
        if self.before:
            self.before -= 1
            self._writes = False
            raise lost()

    def after_commit(self, _: Session) -> None:
        """All was stored."""
        writes, self._writes = self._writes, False
        if writes and self.after:
            self.after -= 1
            raise lost()

    def after_flush(self, *_: object) -> None:
        """Something will be stored."""
        self._writes = True


@pytest.fixture
def outage(storage: RDBStorage) -> Iterator[Outage]:
    made = Outage()
    factory = storage.scoped_session.session_factory
    event.listen(factory, "before_commit", made.before_commit)
    event.listen(factory, "after_commit", made.after_commit)
    event.listen(factory, "after_flush", made.after_flush)
    yield made
    assert (made.before, made.after) == (0, 0)


def test_every_transaction_of_optuna_is_patient() -> None:
    """Of this version; a method that a later one adds would fail at once."""
    opening = {
        name
        for name, method in vars(RDBStorage).items()
        if callable(method) and "_create_scoped_session(" in inspect.getsource(method)
    }
    assert opening == DATABASE_CALLS
    assert vars(PatientStorage).keys() >= DATABASE_CALLS


@pytest.mark.parametrize(("before", "after"), [(3, 0), (0, 1), (2, 1)])
def test_a_trial_goes_through_an_outage_at_each_of_its_calls(
    study: optuna.Study, outage: Outage, said: list[str], before: int, after: int
) -> None:
    """Whether an outage comes before or after a change is stored, it is stored once."""

    def strike() -> None:
        outage.before, outage.after = before, after

    trial = study.ask()
    strike()
    trial.suggest_float("x", 0, 1)
    strike()
    trial.report(0.5, 1)
    strike()
    trial.set_user_attr("note", "kept")
    strike()
    study.tell(trial, 1.0)
    (stored,) = study.get_trials()
    assert (stored.state, stored.value) == (TrialState.COMPLETE, 1.0)
    assert stored.intermediate_values == {1: 0.5}
    assert stored.user_attrs == {"note": "kept"}
    assert stored.params.keys() == {"x"}
    assert said


@pytest.mark.parametrize(
    ("state", "values"),
    [(TrialState.COMPLETE, [1.0]), (TrialState.PRUNED, None), (TrialState.FAIL, None)],
)
def test_an_end_that_was_stored_unheard_is_no_error(
    study: optuna.Study,
    storage: RDBStorage,
    outage: Outage,
    state: TrialState,
    values: list[float] | None,
) -> None:
    """Another end is one, and so is the same one without an outage."""
    number = trial_id(study.ask())
    outage.after = 1
    assert storage.set_trial_state_values(number, state, values)
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(number, state, values)
    other = TrialState.COMPLETE if state is TrialState.FAIL else TrialState.FAIL
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(number, other)


def test_a_trial_that_was_created_twice_takes_no_place_in_the_budget(
    study: optuna.Study, storage: RDBStorage, outage: Outage
) -> None:
    """The one that nobody knows of has no heartbeat, so the next claim fails it before it counts."""
    outage.after = 1
    trial = study.ask()
    storage.record_heartbeat(trial_id(trial))
    assert [t.state for t in study.get_trials()] == [TrialState.RUNNING] * 2
    fail_orphans(study, storage, stale_callback=lambda *_: None, is_foreign=lambda _: False)
    states = {t.number: t.state for t in study.get_trials()}
    assert states == {trial.number: TrialState.RUNNING, 1 - trial.number: TrialState.FAIL}


def test_a_claim_that_was_stored_unheard_goes_back_to_the_queue(
    study: optuna.Study, storage: RDBStorage, outage: Outage
) -> None:
    """The point is not lost."""
    study.add_trial(create_trial(state=TrialState.WAITING, system_attrs={"fixed_params": {"x": 1}}))
    (waiting,) = study.get_trials()
    outage.after = 1
    assert not storage.set_trial_state_values(trial_id(waiting), TrialState.RUNNING)
    orphans: list[int] = []
    fail_orphans(
        study,
        storage,
        stale_callback=lambda _, trial: orphans.append(trial.number),
        is_foreign=lambda _: False,
    )
    assert orphans == [0]


def test_calls_of_the_engine_are_patient_too(study: optuna.Study, storage: RDBStorage) -> None:
    """They go past Optuna's methods."""
    answers = iter([lost(), None])

    def call() -> list[int]:
        if (error := next(answers)) is not None:
            raise error
        return running_without_heartbeat(storage, "one")

    assert patiently(storage, call) == []
    answers = iter([lost(), None])
    with pytest.raises(OperationalError):
        patiently(open_storage(str(storage.url)), call)
