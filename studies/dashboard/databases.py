"""The databases of the page: the one of --storage, or one for each study in a runs folder."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import optuna

from avq_core.cli import with_flags
from avq_core.run_command import COMMON_SETTINGS
from studies.errors import StudyError
from studies.storage.open import list_studies, open_storage, storage_url
from studies.storage.urls import sqlite_path

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from studies.storage.optuna_internals import StoredStudy

    Stamp = tuple[tuple[int, int, int], ...]

STUDY_STEP: Final = 1_000
TRIAL_STEP: Final = 1_000_000
"""Offsets between the ids of consecutive databases on the page, since each database counts from 1.

Study ids are visible to users, so their step is small. A study with a higher id in its file of a runs
folder is not listed.
"""
_SETTLED_SECONDS: Final = 2.0
"""A file may change twice within the resolution of its time stamp: so a recently changed one is read again."""


class Database:
    """A database and its studies, with the offsets of their ids on the page."""

    def __init__(self, url: str, *, folder: Path | None, place: int) -> None:
        """Opens it.

        Args:
            url: The storage's URL.
            folder: The study's folder, for a database in a runs folder.
            place: Index of the database on the page.

        Raises:
            StudyError: It cannot be used.
        """
        self.url = url
        self.folder = folder
        self.study_offset = place * STUDY_STEP
        self.trial_offset = place * TRIAL_STEP
        self.rdb = open_storage(url)
        # Caches finished trials: the page asks for all trials every few seconds.
        self.storage: BaseStorage = optuna.storages.get_storage(self.rdb)
        self._path = sqlite_path(url)
        self._file = _inode(self._path)
        self._seen: Stamp | None = None
        self._studies: list[StoredStudy] = []

    @property
    def is_there(self) -> bool:
        """Whether its file was neither deleted nor replaced since it was opened."""
        return _inode(self._path) == self._file

    def studies(self) -> "list[StoredStudy]":
        """All studies, read again only if the file has changed."""
        stamp = _stamp(self._path)
        if stamp is None or stamp != self._seen:
            studies = self.storage.get_all_studies()
            is_settled = stamp is not None and all(
                time.time() - changed / 1e9 > _SETTLED_SECONDS for changed, _, _ in stamp
            )
            self._studies, self._seen = studies, stamp if is_settled else None
        return self._studies

    def close(self) -> None:
        """Closes its connections."""
        self.rdb.engine.dispose()


class Databases:
    """The databases of the page: first that of the requested study, then others as they appear."""

    def __init__(
        self, runs: Path, study: str, storage: str | None, *, notify: Callable[[str], None]
    ) -> None:
        """Opens the first database.

        Args:
            runs: Folder of all results.
            study: The requested study.
            storage: An SQLAlchemy URL, or `None` for a file in each study's folder.
            notify: Called with a line about each file that cannot be used.

        Raises:
            StudyError: The first database cannot be used.
        """
        self.runs = runs
        self.is_folder = storage is None
        self._notify = notify
        self._lock = Lock()
        self._unusable: dict[Path, Stamp | None] = {}
        url = storage_url(runs, study, storage)
        folder = runs / study if storage is None else None
        self._databases = [Database(url, folder=folder, place=0)]

    @property
    def first(self) -> Database:
        """The database of the requested study."""
        return self._databases[0]

    def all(self) -> list[Database]:
        """All databases that exist now."""
        with self._lock:
            if self.is_folder:
                self._find_new()
            return [database for database in self._databases if database.is_there]

    def of_study(self, page_id: int) -> tuple[Database, int]:
        """The database of a study on the page, and the study's id there.

        Raises:
            KeyError: There is no such database; storages raise this for an unknown id.
        """
        database = self._at(page_id // STUDY_STEP, page_id)
        return database, page_id - database.study_offset

    def of_trial(self, page_id: int) -> tuple[Database, int]:
        """As `of_study`, for a trial."""
        database = self._at(page_id // TRIAL_STEP, page_id)
        return database, page_id - database.trial_offset

    def close(self) -> None:
        """Closes all connections."""
        for database in self._databases:
            database.close()

    def _at(self, place: int, page_id: int) -> Database:
        if not self.is_folder:
            return self.first
        if place >= len(self._databases):
            self.all()  # an address from before this page was opened
        if not 0 <= place < len(self._databases):
            raise KeyError(page_id)
        return self._databases[place]

    def _find_new(self) -> None:
        """Opens the files of studies that are new or were replaced."""
        places = {database.folder: place for place, database in enumerate(self._databases)}
        for name in sorted(list_studies(self.runs, None)):
            folder = self.runs / name
            place = places.get(folder, len(self._databases))
            if place < len(self._databases) and self._databases[place].is_there:
                continue
            url = storage_url(self.runs, name, None)
            stamp = _stamp(sqlite_path(url))
            if self._unusable.get(folder, ()) == stamp:
                continue
            try:
                database = Database(url, folder=folder, place=place)
            except StudyError as error:
                # It may not be complete yet: tried again when it has changed.
                self._unusable[folder] = stamp
                self._notify(f"left out: {with_flags(str(error), COMMON_SETTINGS)}")
                continue
            for old in self._databases[place : place + 1]:
                old.close()
            self._databases[place : place + 1] = [database]


def _inode(path: Path | None) -> int | None:
    return path.stat().st_ino if path is not None and path.is_file() else None


def _stamp(path: Path | None) -> "Stamp | None":
    """Times of change, sizes and inodes of a SQLite file and its log; `None` for a server."""
    if path is None:
        return None
    files = (path, path.with_name(f"{path.name}-wal"))
    stats = [file.stat() for file in files if file.is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)
