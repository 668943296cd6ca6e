"""The only opener of a storage: Optuna's relational one, over SQLite or PostgreSQL."""

import os
import sqlite3
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from studies.errors import StudyError
from studies.storage.engine import BUSY_SECONDS, engine_settings
from studies.storage.lock import study_lock
from studies.storage.urls import explained, parse_url, shown, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

    StaleCallback = Callable[[optuna.Study, FrozenTrial], None]

HEARTBEAT_SECONDS: Final = 5
GRACE_SECONDS: Final = 30
"""A running trial that has not been heard of for this long is failed by whoever looks next."""
_FILE: Final = "study.db"
_SCHEMA_LOCK: Final = "(schema)"


def storage_url(runs: Path, study: str, storage: str | None) -> str:
    """Where a study is kept: the storage named, else SQLite in the study's folder.

    Args:
        runs: Folder of all results.
        study: The study's name.
        storage: An SQLAlchemy URL, or `None`.

    Raises:
        StudyError: Not the URL of a storage that can be used.
    """
    if storage is not None:
        parse_url(storage)
        return storage
    from sqlalchemy import URL

    path = (runs / study / _FILE).absolute()
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def make_schema(url: str) -> None:
    """Makes the folder, the file and the tables where they are missing.

    Called once by the parent: workers that all make tables at once get into each other's way.

    Raises:
        StudyError: The folder cannot be written, the server cannot be reached, or what is there is
            no storage.
    """
    path = sqlite_path(url)
    with explained(url):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with study_lock(url, _SCHEMA_LOCK):
            if path is not None:
                _set_wal(path)
            _open(url, stale_callback=None, skip_table_creation=False).engine.dispose()


def open_storage(url: str, *, stale_callback: "StaleCallback | None" = None) -> "RDBStorage":
    """Opens a storage whose tables are there; one that cannot be written, to be read.

    Args:
        url: The storage's URL.
        stale_callback: Told of each trial whose worker was not heard of in time, once it is failed.

    Raises:
        StudyError: There is no such storage, or it cannot be used.
    """
    path = sqlite_path(url)
    with explained(url):
        # SQLite would make an empty file of a name that is not there.
        if path is not None and not path.is_file():
            raise StudyError(f"there is no storage at {path}; python -m search.run makes one")
        return _open(url, stale_callback=stale_callback, skip_table_creation=True)


def open_study(runs: Path, study: str | None, storage: str | None) -> "optuna.Study":
    """Opens a study to read it. Makes no file.

    Args:
        runs: Folder of all results.
        study: The study's name; `None` is the most recently changed.
        storage: An SQLAlchemy URL, or `None` for SQLite in the study's folder.

    Raises:
        StudyError: There is no such study; says which there are.
    """
    import optuna

    names = list_studies(runs, storage)
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
            # A file of another study that was put or renamed there.
            found = optuna.get_all_study_names(opened)
            raise StudyError(_not_found(wanted, found, shown(url))) from error


def list_studies(runs: Path, storage: str | None) -> list[str]:
    """Names of the studies there are, the most recently changed first.

    Args:
        runs: Folder of all results; looked through where no storage is named.
        storage: An SQLAlchemy URL, or `None`.

    Raises:
        StudyError: The storage named cannot be used.
    """
    if storage is None:
        files = [path for path in runs.glob(f"*/{_FILE}") if path.is_file()]
        return [path.parent.name for path in sorted(files, key=_changed, reverse=True)]
    import optuna

    from studies.storage.optuna_internals import study_id

    opened = open_storage(storage)
    with explained(storage):
        found = optuna.get_all_study_summaries(opened, include_best_trial=False)
        starts = {
            summary.study_name: max(
                (
                    trial.datetime_start.timestamp()
                    for trial in opened.get_all_trials(study_id(summary), deepcopy=False)
                    if trial.datetime_start is not None
                ),
                default=0.0,
            )
            for summary in found
        }
    return sorted(starts, key=lambda name: starts[name], reverse=True)


def _open(
    url: str, *, stale_callback: "StaleCallback | None", skip_table_creation: bool
) -> "RDBStorage":
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage

    path = sqlite_path(url)
    settings = engine_settings(url)
    if path is not None and _is_archive(path):
        url = f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&immutable=1&uri=true"
    with warnings.catch_warnings():
        # Heartbeats are experimental in Optuna and used knowingly: nothing else finds lost trials.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            # Optuna fills {…} in a URL.
            url.replace("{", "{{").replace("}", "}}"),
            engine_kwargs=settings,
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
            heartbeat_stale_trial_callback=stale_callback,
            skip_table_creation=skip_table_creation,
        )


def _set_wal(path: Path) -> None:
    """Readers and one writer side by side; kept in the file once it is set."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _is_archive(path: Path) -> bool:
    """Whether SQLite could make no log beside the file, which it needs even to read it.

    Without a log all that was written is in the file, and nobody writes to it.
    """
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


def _changed(path: Path) -> float:
    """When a SQLite file in WAL mode was last written, in seconds since 1970."""
    log = path.with_name(f"{path.name}-wal")
    return max(file.stat().st_mtime for file in (path, log) if file.is_file())


def _not_found(study: str | None, names: list[str], where: str) -> str:
    what = "no study" if study is None else f"no study {study!r}"
    mend = f"expected one of {', '.join(names)}" if names else "python -m search.run starts one"
    return f"there is {what} in {where}; {mend}"
