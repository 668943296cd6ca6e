"""The databases behind the page: one that was named, or one a study, as they lie in a runs folder."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import optuna

from avq_core.cli import COMMON_SETTINGS, with_flags
from studies.errors import StudyError
from studies.storage.open import list_studies, open_storage, storage_url
from studies.storage.urls import sqlite_path

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from studies.storage.optuna_internals import StoredStudy

    Stamp = tuple[tuple[int, int, int], ...]

STUDY_STEP: Final = 1_000
TRIAL_STEP: Final = 1_000_000
"""Each database counts from one; on the page, ids of one and the next are so far apart. A study's is
shown, so its step is small: further studies of one file in a runs folder are not listed."""
_SETTLED_SECONDS: Final = 2.0
"""A file may change twice within a tick of its clock: one that changed just now is read again."""


class Database:
    """A database and the studies in it, with the ids that they have there."""

    def __init__(self, url: str, *, folder: Path | None, place: int) -> None:
        """Opens it.

        Args:
            url: The storage's URL.
            folder: The study's folder, of a database in a runs folder.
            place: Its place among the databases of the page.

        Raises:
            StudyError: It cannot be used.
        """
        self.url = url
        self.folder = folder
        self.study_offset = place * STUDY_STEP
        self.trial_offset = place * TRIAL_STEP
        self.rdb = open_storage(url)
        # It keeps what has finished: the page asks for all trials every few seconds.
        self.storage: BaseStorage = optuna.storages.get_storage(self.rdb)
        self._path = sqlite_path(url)
        self._file = _inode(self._path)
        self._seen: Stamp | None = None
        self._studies: list[StoredStudy] = []

    @property
    def is_there(self) -> bool:
        """Whether its file was neither deleted nor made anew since."""
        return _inode(self._path) == self._file

    def studies(self) -> "list[StoredStudy]":
        """All studies, read again only where the file has changed since."""
        stamp = _stamp(self._path)
        if stamp is None or stamp != self._seen:
            found = self.storage.get_all_studies()
            is_settled = stamp is not None and all(
                time.time() - changed / 1e9 > _SETTLED_SECONDS for changed, _, _ in stamp
            )
            self._studies, self._seen = found, stamp if is_settled else None
        return self._studies

    def close(self) -> None:
        """Lets its connections go."""
        self.rdb.engine.dispose()


class Databases:
    """The databases of a page, the one asked for first; further ones as they appear."""

    def __init__(
        self, runs: Path, study: str, storage: str | None, *, tell: Callable[[str], None]
    ) -> None:
        """Opens the first.

        Args:
            runs: Folder of all results.
            study: The study asked for.
            storage: An SQLAlchemy URL, or `None` for a file in each study's folder.
            tell: Is told of files that cannot be used, a line each.

        Raises:
            StudyError: The first cannot be used.
        """
        self.runs = runs
        self.is_folder = storage is None
        self._tell = tell
        self._lock = Lock()
        self._unusable: dict[Path, Stamp | None] = {}
        url = storage_url(runs, study, storage)
        folder = runs / study if storage is None else None
        self._found = [Database(url, folder=folder, place=0)]

    @property
    def first(self) -> Database:
        """The one of the study that was asked for."""
        return self._found[0]

    def all(self) -> list[Database]:
        """Those that are there now."""
        with self._lock:
            if self.is_folder:
                self._look_around()
            return [database for database in self._found if database.is_there]

    def of_study(self, page_id: int) -> tuple[Database, int]:
        """The database of a study on the page, and the study's id there.

        Raises:
            KeyError: There is none; it is what a storage raises for an id that it does not have.
        """
        found = self._at(page_id // STUDY_STEP, page_id)
        return found, page_id - found.study_offset

    def of_trial(self, page_id: int) -> tuple[Database, int]:
        """As `of_study`, of a trial."""
        found = self._at(page_id // TRIAL_STEP, page_id)
        return found, page_id - found.trial_offset

    def close(self) -> None:
        """Lets all connections go."""
        for database in self._found:
            database.close()

    def _at(self, place: int, page_id: int) -> Database:
        if not self.is_folder:
            return self.first
        if place >= len(self._found):
            self.all()  # an address from before this page was opened
        if not 0 <= place < len(self._found):
            raise KeyError(page_id)
        return self._found[place]

    def _look_around(self) -> None:
        """Opens the files of studies that are new, or that were begun anew under their name."""
        places = {database.folder: place for place, database in enumerate(self._found)}
        for name in sorted(list_studies(self.runs, None)):
            folder = self.runs / name
            place = places.get(folder, len(self._found))
            if place < len(self._found) and self._found[place].is_there:
                continue
            url = storage_url(self.runs, name, None)
            stamp = _stamp(sqlite_path(url))
            if self._unusable.get(folder, ()) == stamp:
                continue
            try:
                database = Database(url, folder=folder, place=place)
            except StudyError as error:
                # It may be in the making: looked at again when it has changed.
                self._unusable[folder] = stamp
                self._tell(f"left out: {with_flags(str(error), COMMON_SETTINGS)}")
                continue
            for old in self._found[place : place + 1]:
                old.close()
            self._found[place : place + 1] = [database]


def _inode(path: Path | None) -> int | None:
    return path.stat().st_ino if path is not None and path.is_file() else None


def _stamp(path: Path | None) -> "Stamp | None":
    """When and how a SQLite file and its log were last written; `None` of a server."""
    if path is None:
        return None
    files = (path, path.with_name(f"{path.name}-wal"))
    found = [file.stat() for file in files if file.is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in found)
