"""Looks for a study without changing anything, to decide whether a search may enter it."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from studies.errors import StudyError
from studies.storage.rdb import open_rdb, table_names
from studies.storage.urls import explained, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    import optuna
    from optuna.storages import RDBStorage

_TABLES: Final = frozenset({"studies", "trials", "version_info", "alembic_version"})
"""Tables of Optuna; a storage that is being made may have only some of them."""
_REFUSED_WRITES: Final = ("readonly database", "read-only transaction")
"""What SQLite and PostgreSQL say of a write to what was opened to be read."""


@contextmanager
def found_study(url: str, name: str) -> "Iterator[optuna.Study | None]":
    """The study of a name, to be read; `None` where there is none yet, or no storage.

    Writes nothing at all: no tables, no journal mode, no lock.

    Args:
        url: The storage's URL.
        name: The study's name.

    Raises:
        StudyError: The storage cannot be used: its server is not reached, the file is no database or
            that of another program, or another version of Optuna made the tables.
    """
    with explained(url):
        storage = _read_only(url) if _has_tables(url) else None
        if storage is None:
            yield None
            return
        import optuna

        try:
            is_there = name in optuna.get_all_study_names(storage)
            yield optuna.load_study(study_name=name, storage=storage) if is_there else None
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _has_tables(url: str) -> bool:
    """Whether the database has Optuna's tables."""
    path = sqlite_path(url)
    if path is not None and not (path.is_file() and path.stat().st_size):
        return False
    tables = table_names(url)
    # A server's database may be shared; a file of another program is rather a mistake.
    if path is not None and tables and not _TABLES & set(tables):
        raise StudyError(
            f"{path} is a database of another program, with tables such as {tables[0]!r}; name another "
            "file with `storage`"
        )
    return set(tables) >= _TABLES


def _read_only(url: str) -> "RDBStorage | None":
    """The storage; `None` while another process is making it."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return open_rdb(url, read_only=True)
    except SQLAlchemyError as error:
        # Optuna writes its version into a storage that has none yet.
        if not any(words in str(error) for words in _REFUSED_WRITES):
            raise
        return None
