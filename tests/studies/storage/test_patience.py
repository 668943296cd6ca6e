"""Patience: which errors mean that a database is away, how long it is waited for, and what is said."""

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from optuna.exceptions import StorageInternalError
from psycopg import errors
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from studies.errors import StudyError
from studies.storage.patience import (
    DatabaseAwayError,
    Patience,
    given_up,
    is_away,
    without_waiting,
)

URL = "postgresql+psycopg://me:secret@host/db"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.longest = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds
        self.longest = max(self.longest, seconds)


class Database:
    """Fails the first calls with one error, then answers."""

    def __init__(self, num_failures: int, error: Exception) -> None:
        self.num_failures = num_failures
        self.error = error
        self.num_calls = 0

    def __call__(self) -> str:
        """Fails or answers."""
        self.num_calls += 1
        if self.num_calls <= self.num_failures:
            raise self.error
        return "the answer"


def lost(
    kind: type[DBAPIError] = OperationalError, words: str = "connection refused"
) -> DBAPIError:
    return kind("SELECT 1", {}, psycopg.OperationalError(words))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def patient(said: list[str]) -> Callable[..., tuple[Patience, Clock]]:
    """Patience with a clock of its own; its settings by name."""

    def make(**settings: Any) -> tuple[Patience, Clock]:
        clock = Clock()
        return Patience(URL, say=said.append, clock=clock, sleep=clock.sleep, **settings), clock

    return make


def wrapped(cause: Exception) -> Exception:
    """As Optuna wraps errors of its storage."""
    error = StorageInternalError("An exception is raised during the commit.")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        lost(),
        lost(InterfaceError, "the connection is closed"),
        lost(words="connection failed: FATAL:  the database system is starting up"),
        lost(words="connection failed: FATAL:  sorry, too many clients already"),
        OperationalError("", {}, errors.AdminShutdown("terminating connection")),
        OperationalError("", {}, errors.CannotConnectNow("shutting down")),
        DBAPIError("", {}, psycopg.Error("gone"), connection_invalidated=True),
        OperationalError("", {}, sqlite3.OperationalError("database is locked")),
        wrapped(lost()),
    ],
)
def test_a_database_that_comes_back_is_away(error: Exception) -> None:
    """Shut down, starting, restarted, full of connections, or unreachable; SQLite when it is locked."""
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        lost(words='FATAL:  password authentication failed for user "me"'),
        lost(words='FATAL:  database "db" does not exist'),
        ProgrammingError("", {}, errors.UndefinedTable("no relation")),
        OperationalError("", {}, errors.DiskFull("no space left")),
        OperationalError("", {}, errors.DeadlockDetected("deadlock")),
        OperationalError("", {}, sqlite3.OperationalError("disk I/O error")),
        OperationalError("", {}, sqlite3.OperationalError("no such table: trials")),
        OSError("no space left"),
        KeyError("study"),
        wrapped(ProgrammingError("", {}, errors.UndefinedColumn("none"))),
    ],
)
def test_what_does_not_mend_itself_is_not_waited_for(
    error: Exception, patient: Callable[..., tuple[Patience, Clock]], said: list[str]
) -> None:
    """It is raised as it is, at once, and nothing is said."""
    patience, clock = patient()
    with pytest.raises(type(error)) as raised:
        patience.run(Database(1, error))
    assert raised.value is error
    assert (clock.now, said) == (1000.0, [])


def test_a_call_is_repeated_until_the_database_answers(
    patient: Callable[..., tuple[Patience, Clock]], said: list[str]
) -> None:
    """Two lines in all, without the password; a second outage is told again."""
    patience, clock = patient()
    for _ in range(2):
        database = Database(6, lost())
        assert patience.run(database) == "the answer"
        assert database.num_calls == 7
    assert clock.longest <= 0.1
    away, back = said[:2]
    assert away == (
        "the database postgresql+psycopg://me:***@host/db does not answer; the search waits for it, up to "
        "10 minutes"
    )
    assert back.startswith("the database answers again, after ")
    assert len(said) == 4


def test_one_outage_has_one_limit(
    patient: Callable[..., tuple[Patience, Clock]], said: list[str]
) -> None:
    """Clean-ups after the call that was given up do not wait once more; nor do they hide why."""
    patience, clock = patient(seconds=60)
    with pytest.raises(
        DatabaseAwayError, match=r"has not answered for 60 s; when it does, the"
    ) as raised:
        patience.run(Database(10**6, lost()))
    assert isinstance(raised.value.__cause__, OperationalError)
    assert 1060 <= clock.now < 1061
    with pytest.raises(StudyError):
        patience.run(Database(10**6, lost()))
    assert clock.now < 1061
    assert len(said) == 1
    hidden = UnboundLocalError("updated_state")
    hidden.__context__ = raised.value
    assert given_up(hidden) is raised.value
    assert given_up(KeyError("x")) is None


def test_a_request_to_stop_ends_the_wait(patient: Callable[..., tuple[Patience, Clock]]) -> None:
    """Within a tenth of a second."""
    clock = Clock()
    patience = Patience(
        URL, say=lambda _: None, is_over=lambda: clock.now > 1002, clock=clock, sleep=clock.sleep
    )
    with pytest.raises(DatabaseAwayError):
        patience.run(Database(10**6, lost()))
    assert clock.now == pytest.approx(1002, abs=0.2)


def test_ctrl_c_ends_the_wait() -> None:
    """It is raised while it sleeps."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    patience = Patience(URL, say=lambda _: None, sleep=interrupt)
    with pytest.raises(KeyboardInterrupt):
        patience.run(Database(10**6, lost()))


def test_the_display_does_not_wait(
    patient: Callable[..., tuple[Patience, Clock]], said: list[str]
) -> None:
    """It is asked again half a second later; the outage is told once, and so is its end."""
    patience, clock = patient()
    database = Database(3, lost())
    for _ in range(3):
        with pytest.raises(DatabaseAwayError), without_waiting():
            patience.run(database)
    assert clock.now == 1000
    assert patience.run(database) == "the answer"
    assert len(said) == 2
