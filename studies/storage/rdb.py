"""Optuna's relational storage on SQLite or PostgreSQL, with this program's settings."""

import os
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from studies.storage.engine import engine_settings
from studies.storage.urls import complete_url, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

    from studies.storage.patience import Patience

    StaleCallback = Callable[[optuna.Study, FrozenTrial], None]

HEARTBEAT_SECONDS: Final = 5
GRACE_SECONDS: Final = 30
"""A running trial without a heartbeat for this long is failed by the next worker that checks."""


def open_rdb(
    url: str,
    *,
    stale_callback: "StaleCallback | None" = None,
    skip_table_creation: bool = True,
    read_only: bool = False,
    patience: "Patience | None" = None,
) -> "RDBStorage":
    """Opens a storage; its errors are those of Optuna and of SQLAlchemy.

    Args:
        url: The storage's URL.
        stale_callback: Called with each trial that was failed because its worker sent no heartbeat.
        skip_table_creation: Whether the tables must be there already.
        read_only: Whether the database is to refuse every change, that of its settings included.
        patience: For how long each call waits when the database is away, once it was opened; `None` is for
            commands that are to say so at once.
    """
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage

    from studies.storage.patient_storage import PatientStorage

    opened = RDBStorage if patience is None else partial(PatientStorage, patience=patience)
    with warnings.catch_warnings():
        # Heartbeats are experimental in Optuna, but nothing else detects lost trials.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return opened(
            # Optuna formats {…} in a URL.
            _address(url, read_only=read_only).replace("{", "{{").replace("}", "}}"),
            engine_kwargs=engine_settings(url, read_only=read_only),
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
            heartbeat_stale_trial_callback=stale_callback,
            skip_table_creation=skip_table_creation,
        )


def table_names(url: str) -> list[str]:
    """Names of the tables of a database, which is only read."""
    from sqlalchemy import NullPool, create_engine, inspect

    engine = create_engine(
        _address(url, read_only=True),
        poolclass=NullPool,
        connect_args=engine_settings(url, read_only=True)["connect_args"],
    )
    return sorted(inspect(engine).get_table_names())


def _address(url: str, *, read_only: bool) -> str:
    """The URL to connect to."""
    path = sqlite_path(url)
    if path is None:
        return complete_url(url)
    if not (read_only or _is_archive(path)):
        return complete_url(url)
    return f"sqlite:///{read_only_uri(path)}&uri=true"


def read_only_uri(path: Path) -> str:
    """SQLite's URI of a file that is only to be read."""
    mode = "mode=ro&immutable=1" if _is_archive(path) else "mode=ro"
    return f"file:{quote(str(path.absolute()))}?{mode}"


def _is_archive(path: Path) -> bool:
    """Whether the folder is read-only, so that SQLite cannot create the log that even reading needs.

    Without a log everything is in the file itself, and no process is writing to it.
    """
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()
