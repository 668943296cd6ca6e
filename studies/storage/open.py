"""Makes and opens storages, and the studies in them."""

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.errors import StudyError
from studies.storage.engine import BUSY_SECONDS
from studies.storage.lock import study_lock
from studies.storage.rdb import open_rdb, read_only_uri
from studies.storage.urls import complete_url, explained, shown, sqlite_path

if TYPE_CHECKING:
    import optuna
    from optuna.storages import RDBStorage

    from studies.storage.patience import Patience
    from studies.storage.rdb import StaleCallback

_FILE: Final = "study.db"
_SCHEMA_LOCK: Final = "(schema)"
_SCHEMA_SECONDS: Final = 2.0
"""How long a reader waits for tables that are being made, which takes a fraction of a second."""


def storage_url(runs: Path, study: str, storage: str | None) -> str:
    """URL of a study's storage, password included: the one named, else SQLite in the study's folder.

    Args:
        runs: Folder of all results.
        study: The study's name.
        storage: An SQLAlchemy URL, or `None`.

    Raises:
        StudyError: The URL cannot be used as a storage.
    """
    if storage is not None:
        return complete_url(storage)
    from sqlalchemy import URL

    path = (runs / study / _FILE).absolute()
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def make_schema(url: str) -> None:
    """Creates the folder, the file and the tables where they are missing.

    Only the parent process calls this: workers that create tables at the same time would collide.

    Raises:
        StudyError: The folder cannot be written, the server cannot be reached, or the file or
            database is not a storage.
    """
    path = sqlite_path(url)
    with explained(url):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with study_lock(url, _SCHEMA_LOCK):
            if path is not None:
                _set_wal(path)
            open_rdb(url, skip_table_creation=False).engine.dispose()


def open_storage(
    url: str,
    *,
    stale_callback: "StaleCallback | None" = None,
    patience: "Patience | None" = None,
) -> "RDBStorage":
    """Opens a storage whose tables are there; one that cannot be written, to be read.

    Args:
        url: The storage's URL.
        stale_callback: Called with each trial that was failed because its worker sent no heartbeat.
        patience: For how long each call waits when the database is away. Opening it does not wait.

    Raises:
        StudyError: There is no such storage, or it cannot be used.
    """
    path = sqlite_path(url)
    with explained(url):
        # SQLite would create an empty file where there is none.
        if path is not None and not path.is_file():
            raise StudyError(f"there is no storage at {path}; python -m search.run makes one")
        if path is not None:
            _wait_for_schema(path)
        return open_rdb(url, stale_callback=stale_callback, patience=patience)


def open_study(runs: Path, study: str | None, storage: str | None) -> "optuna.Study":
    """Opens a study for reading; creates no file.

    Args:
        runs: Folder of all results.
        study: The study's name; `None` is the most recently changed.
        storage: An SQLAlchemy URL, or `None` for SQLite in the study's folder.

    Raises:
        StudyError: There is no such study; the message lists those that exist.
    """
    import optuna

    names = list_studies(runs, storage)
    if study is not None and "://" in study and study not in names:
        # Not repeated: it may hold a password.
        raise StudyError("the study's name is a URL, expected a name; give the URL with `storage`")
    wanted = study or next(iter(names), None)
    if wanted is None or wanted not in names:
        raise StudyError(
            _not_found(wanted, names, str(runs) if storage is None else shown(storage))
        )
    url = storage_url(runs, wanted, storage)
    opened = open_storage(url)
    with explained(url):
        try:
            return optuna.load_study(study_name=wanted, storage=opened)
        except KeyError as error:
            # The file is that of another study, moved or renamed.
            stored_names = optuna.get_all_study_names(opened)
            raise StudyError(_not_found(wanted, stored_names, shown(url))) from error


def list_studies(runs: Path, storage: str | None) -> list[str]:
    """Names of all studies, the most recently changed first.

    Args:
        runs: Folder of all results; searched where no storage is named.
        storage: An SQLAlchemy URL, or `None`.

    Raises:
        StudyError: The storage named cannot be used.
    """
    if storage is None:
        files = [path for path in runs.glob(f"*/{_FILE}") if path.is_file() and _has_study(path)]
        return [path.parent.name for path in sorted(files, key=_changed, reverse=True)]
    import optuna

    from studies.storage.optuna_internals import study_id

    opened = open_storage(storage)
    with explained(storage):
        summaries = optuna.get_all_study_summaries(opened, include_best_trial=False)
        starts = {
            summary.study_name: max(
                (
                    trial.datetime_start.timestamp()
                    for trial in opened.get_all_trials(study_id(summary), deepcopy=False)
                    if trial.datetime_start is not None
                ),
                default=0.0,
            )
            for summary in summaries
        }
    return sorted(starts, key=lambda name: starts[name], reverse=True)


def _set_wal(path: Path) -> None:
    """Lets readers and one writer work at the same time; the mode is stored in the file."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _wait_for_schema(path: Path) -> None:
    """Waits a moment for tables that a search is making, or the search would fail.

    Optuna writes the version where it finds none, even to read, and so does whoever makes the tables.
    """
    deadline = time.monotonic() + _SCHEMA_SECONDS
    while not _has_version(path) and time.monotonic() < deadline:
        time.sleep(0.02)


def _has_study(path: Path) -> bool:
    """Whether a study was made in a file, which a search that was stopped at its start did not do.

    True of what cannot be read, so that whoever opens it is told why.
    """
    try:
        with contextlib.closing(sqlite3.connect(read_only_uri(path), uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM studies LIMIT 1").fetchall())
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)
    except sqlite3.DatabaseError:
        return True


def _has_version(path: Path) -> bool:
    """Whether the tables are whole: their version is written last. True of what is no database."""
    try:
        with contextlib.closing(sqlite3.connect(read_only_uri(path), uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM alembic_version").fetchall())
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)
    except sqlite3.DatabaseError:
        return True


def _changed(path: Path) -> float:
    """When a SQLite file in WAL mode was last written, in seconds since 1970."""
    log = path.with_name(f"{path.name}-wal")
    return max(file.stat().st_mtime for file in (path, log) if file.is_file())


def _not_found(study: str | None, names: list[str], where: str) -> str:
    what = "no study" if study is None else f"no study {study!r}"
    mend = f"expected one of {', '.join(names)}" if names else "python -m search.run starts one"
    return f"there is {what} in {where}; {mend}"
