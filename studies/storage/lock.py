"""A study's lock: one holder over all processes, and over all machines that share a server.

It dies with its holder: the kernel drops a killed process's file locks, and PostgreSQL drops the
locks of a closed connection.
"""

import fcntl
import hashlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from studies.storage.engine import engine_settings
from studies.storage.urls import explained, parse_url, sqlite_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TWICE: Final = "a lock was acquired twice without a release"


class StudyLock(ABC):
    """Held by at most one object at a time. A context manager; not for several threads at once."""

    @abstractmethod
    def acquire(self) -> None:
        """Waits until nobody else holds the lock, and holds it.

        Raises:
            StudyError: The storage cannot be used.
        """

    @abstractmethod
    def release(self) -> None:
        """Lets go. Does nothing where the lock is not held."""

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
    """`flock` on a file beside a SQLite file. The file stays: removing it would part the holders."""

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
            # Ctrl-C while waiting: nobody is left to close it.
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Lets go."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        # Said outright: a forked child may hold a copy of the descriptor, which closing spares.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


class AdvisoryLock(StudyLock):
    """A session-level advisory lock of PostgreSQL, on a connection of its own."""

    def __init__(self, url: str, study_name: str) -> None:
        self._url = url
        digest = hashlib.sha256(f"avq-search {study_name}".encode()).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Connects and waits for the server's lock."""
        from sqlalchemy import NullPool, create_engine, text

        if self._connection is not None:
            raise RuntimeError(_TWICE)
        with explained(self._url):
            engine = create_engine(
                self._url,
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
        self._connection = connection

    def release(self) -> None:
        """Ends the connection, and the lock with it."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        # Unpooled, so that closing ends the session.
        connection.close()


def study_lock(url: str, study_name: str, purpose: str = "trials") -> StudyLock:
    """The lock of a study, not yet held.

    Args:
        url: The storage's URL. The folder of a SQLite file must be there when it is acquired;
            studies that share such a file share its lock.
        study_name: The study.
        purpose: What is guarded; locks of different purposes do not wait for each other.

    Raises:
        StudyError: A URL that is none of SQLite's or PostgreSQL's.
    """
    path = sqlite_path(url)
    if path is not None:
        suffix = "lock" if purpose == "trials" else f"{purpose}.lock"
        return FileLock(url, path.with_name(f"{path.name}.{suffix}"))
    parse_url(url)
    return AdvisoryLock(url, f"{purpose} of {study_name}")
