"""A study's lock: one holder among all processes, and among all machines that share a server.

It ends with its holder: the kernel releases the file locks of a killed process, and PostgreSQL
releases the locks of a closed connection.
"""

import fcntl
import hashlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from studies.storage.engine import engine_settings
from studies.storage.urls import complete_url, explained, parse_url, sqlite_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from studies.storage.patience import Patience

_TWICE: Final = "a lock was acquired twice without a release"


class StudyLock(ABC):
    """Held by at most one object at a time. A context manager; not for several threads at once."""

    @abstractmethod
    def acquire(self) -> None:
        """Waits until the lock is free, then takes it.

        Raises:
            StudyError: The storage cannot be used.
        """

    @abstractmethod
    def release(self) -> None:
        """Releases the lock. Does nothing where it is not held."""

    @abstractmethod
    def is_held(self) -> bool:
        """Whether the lock is still held: a server that goes away releases it."""

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class FileLock(StudyLock):
    """`flock` on a file beside a SQLite file.

    The file is never removed: then two processes could hold locks on two files of one name.
    """

    def __init__(self, url: str, path: Path) -> None:
        self._url = url
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Waits for the file's lock."""
        if self._descriptor is not None:
            raise RuntimeError(_TWICE)
        with explained(self._url):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            # Ctrl-C while waiting: nothing else would close it.
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Releases the lock."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        # Explicit: closing does not release the lock while a forked child holds a copy of the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def is_held(self) -> bool:
        """Whether it was acquired: the kernel takes no lock away."""
        return self._descriptor is not None


class AdvisoryLock(StudyLock):
    """A session-level advisory lock of PostgreSQL, on a separate connection."""

    def __init__(self, url: str, study_name: str, patience: "Patience | None") -> None:
        self._url = url
        self._patience = patience
        digest = hashlib.sha256(f"avq-search {study_name}".encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Connects and waits for the lock on the server; with patience, for the server too."""
        if self._connection is not None:
            raise RuntimeError(_TWICE)
        patience = self._patience
        self._connection = self._connect() if patience is None else patience.run(self._connect)

    def _connect(self) -> "Connection":
        """A connection that holds the lock."""
        from sqlalchemy import NullPool, create_engine, text

        with explained(self._url):
            engine = create_engine(
                complete_url(self._url),
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
                connect_args=engine_settings(self._url)["connect_args"],
            )
            connection = engine.connect()
            try:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": self._key})
            except BaseException:
                connection.close()
                raise
        return connection

    def release(self) -> None:
        """Closes the connection, which releases the lock; one that is lost has none any more."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        # Unpooled, so that this ends the session; unlike `close`, it asks a lost server for nothing.
        connection.invalidate()
        connection.close()

    def is_held(self) -> bool:
        """Whether the connection still is the one that acquired it."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True


def study_lock(
    url: str, study_name: str, purpose: str = "trials", *, patience: "Patience | None" = None
) -> StudyLock:
    """The lock of a study, not yet held.

    Args:
        url: The storage's URL. The folder of a SQLite file must exist when the lock is acquired;
            studies that share such a file share its lock.
        study_name: The study.
        purpose: What the lock protects; locks of different purposes do not wait for each other.
        patience: For how long to wait for a server that is away.

    Raises:
        StudyError: The URL is neither SQLite's nor PostgreSQL's.
    """
    path = sqlite_path(url)
    if path is not None:
        suffix = "lock" if purpose == "trials" else f"{purpose}.lock"
        return FileLock(url, path.with_name(f"{path.name}.{suffix}"))
    parse_url(url)
    return AdvisoryLock(url, f"{purpose} of {study_name}", patience)
