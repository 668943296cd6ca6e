"""Patience with a database that is away for a while: what has begun waits, and goes on when it is back."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Final, TypeVar

from avq_core.faults import chain
from studies.errors import StudyError
from studies.storage.urls import shown

PATIENCE_SECONDS: Final = 600.0
"""How long a running search waits for its database: a restart takes seconds, a failover minutes."""
_FIRST_DELAY: Final = 0.25
_MAX_DELAY: Final = 5.0
_STEP: Final = 0.1
"""The wait is cut into steps, so that a request to stop ends it at once."""
_BACK_SOON: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "53300"})
"""SQLSTATEs of a server that shuts down, crashed, starts, closed an idle session, or has no free connection."""
_BACK_SOON_WORDS: Final = ("starting up", "shutting down", "recovery", "too many", "remaining conn")
"""The same of a server that refuses a connection, which psycopg reports without SQLSTATE."""
_SQLITE_LOCKED: Final = "database is locked"

Result = TypeVar("Result")
_waits: ContextVar[bool] = ContextVar("waits", default=True)


class DatabaseAwayError(StudyError):
    """A database did not answer for as long as the caller would wait."""


@contextlib.contextmanager
def without_waiting() -> Iterator[None]:
    """Inside, in this thread, a database that is away is a `DatabaseAwayError` at once."""
    token = _waits.set(False)
    try:
        yield
    finally:
        _waits.reset(token)


class Patience:
    """Repeats calls of a database that is away; shared by all threads of a process that use it.

    The time counts from the outage's first failed call, so that calls that follow a given-up one do not
    wait once more.
    """

    def __init__(
        self,
        url: str,
        *,
        say: Callable[[str], None],
        is_over: Callable[[], bool] = lambda: False,
        seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Sets it up.

        Args:
            url: The storage's URL.
            say: Called with a line when the database is away, and one when it is back.
            is_over: Whether to wait no longer, such as after a request to stop; asked ten times a second.
            seconds: How long to wait.
            clock: Seconds that only grow.
            sleep: Sleeps a number of seconds.
        """
        self._url = url
        self._say = say
        self._is_over = is_over
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._away_since: float | None = None

    def run(self, call: Callable[[], Result]) -> Result:
        """The result of a call, which is repeated while its database is away.

        Args:
            call: Does the same when it is called again after an error, even one that came after its changes
                were stored.

        Raises:
            DatabaseAwayError: The database stayed away; or nobody waits, by `is_over` or `without_waiting`.
        """
        delay = _FIRST_DELAY
        while True:
            try:
                result = call()
            except Exception as error:
                if isinstance(error, DatabaseAwayError) or not is_away(error):
                    raise
                away_since = self._note_away()
                if not _waits.get() or not self._wait(delay, away_since):
                    raise DatabaseAwayError(self._given_up(away_since)) from error
                delay = min(2 * delay, _MAX_DELAY)
            else:
                self._note_back()
                return result

    def _wait(self, delay: float, away_since: float) -> bool:
        """Waits before the next try; returns whether there is to be one."""
        # Jitter: the workers of many machines must not all come back in the same moment.
        end = self._clock() + delay * random.SystemRandom().uniform(0.5, 1.0)
        while True:
            now = self._clock()
            if self._is_over() or now - away_since >= self._seconds:
                return False
            if now >= end:
                return True
            self._sleep(min(_STEP, end - now))

    def _note_away(self) -> float:
        """When this outage began; says so the first time."""
        with self._lock:
            is_new = self._away_since is None
            if self._away_since is None:
                self._away_since = self._clock()
            away_since = self._away_since
        if is_new:
            self._say(
                f"the database {shown(self._url)} does not answer; the search waits for it, up to "
                f"{self._seconds / 60:.0f} minutes"
            )
        return away_since

    def _note_back(self) -> None:
        if self._away_since is None:
            return
        with self._lock:
            away_since, self._away_since = self._away_since, None
        if away_since is not None:
            self._say(f"the database answers again, after {self._clock() - away_since:.0f} s")

    def _given_up(self, away_since: float) -> str:
        return (
            f"the database {shown(self._url)} has not answered for {self._clock() - away_since:.0f} s; "
            "when it does, the same search goes on from there"
        )


def given_up(error: BaseException) -> DatabaseAwayError | None:
    """The error of a database that stayed away, if another one hides it, as Optuna's clean-ups do."""
    return next((e for e in chain(error) if isinstance(e, DatabaseAwayError)), None)


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database is not there for now, and its connection is lost.

    A wrong password, a missing database or table, a full disk, and SQLite's errors do not, but for a
    SQLite file that is locked.
    """
    return any(_is_lost_connection(link) for link in chain(error))


def _is_lost_connection(error: BaseException) -> bool:
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    if not isinstance(error, DBAPIError):
        return False
    if type(error.orig).__module__.startswith("sqlite3"):
        return _SQLITE_LOCKED in str(error.orig)
    if error.connection_invalidated:
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BACK_SOON or state.startswith("08")
    words = str(error.orig)
    refused_for_good = "FATAL" in words and not any(part in words for part in _BACK_SOON_WORDS)
    return isinstance(error, (OperationalError, InterfaceError)) and not refused_for_good
