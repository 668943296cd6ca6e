"""Storage URLs: which are valid, how they are printed, and error messages for users."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.errors import StudyError

if TYPE_CHECKING:
    from sqlalchemy import URL

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_EXPECTED: Final = "sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"


def parse_url(url: str) -> "URL":
    """Parses a storage's URL.

    Raises:
        StudyError: The text is not a URL, or names neither a SQLite file nor PostgreSQL.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text is not repeated in the message: it may hold a password anywhere.
        raise StudyError(f"the storage is not a URL, expected {_EXPECTED}") from error
    if parsed.get_backend_name() not in {SQLITE, POSTGRESQL}:
        raise StudyError(
            f"the storage is {parsed.get_backend_name()!r}, expected {_EXPECTED}; "
            "trials are claimed under a lock that other databases do not have"
        )
    if parsed.get_backend_name() == SQLITE:
        database = parsed.database or ""
        if database in {"", ":memory:"} or database.startswith("file:"):
            raise StudyError(
                f"the storage is SQLite without a file ({shown(url)}), "
                "expected sqlite:///PATH: workers are processes and share nothing else"
            )
    return parsed


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; `None` for a server."""
    parsed = parse_url(url)
    # `parse_url` rejects SQLite without a file.
    is_file = parsed.get_backend_name() == SQLITE and parsed.database is not None
    return Path(parsed.database or "") if is_file else None


def shown(url: str) -> str:
    """A URL for messages: a file's path, or a server's address without the password."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == SQLITE and parsed.database:
        return parsed.database
    # Parameters may hold secrets too (`?password=…`).
    return parsed.set(query={}).render_as_string(hide_password=True)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turns errors of a storage into messages of one line for users.

    Args:
        url: The storage's valid URL.

    Raises:
        StudyError: The driver is not installed, the server cannot be reached, the file cannot be
            read or written or is not a database, or another version of Optuna made it.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except ImportError as error:
        raise StudyError(_missing_driver(url)) from error
    except OSError as error:
        raise StudyError(
            f"cannot use the storage {shown(url)}: {error.strerror or error}; "
            "choose a folder that can be written with `runs` or `storage`"
        ) from error
    except (SQLAlchemyError, StorageInternalError, sqlite3.Error) as error:
        raise StudyError(_message(url, error)) from error
    except RuntimeError as error:
        if "table schema" not in str(error):
            raise
        raise StudyError(f"the storage {shown(url)}: {error}") from error


def _missing_driver(url: str) -> str:
    driver = parse_url(url).drivername
    return (
        f"the storage needs a driver for {driver!r} that is not installed: "
        "pip install 'avq-search[postgresql]' and a URL that starts with postgresql+psycopg://"
    )


def _message(url: str, error: BaseException) -> str:
    """The first line of the database's message, and how to mend the cause."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    words = str(getattr(root, "orig", None) or root).strip()
    line = words.splitlines()[0] if words else type(root).__name__
    password = parse_url(url).password
    if password:
        line = line.replace(str(password), "***")
    mends = {
        "file is not a database": "name another file, or move this one away",
        "no such table": "it holds no studies; name the file that python -m search.run made",
        "relation": "it holds no studies; name the database that python -m search.run used",
        "does not exist": "make the database first, such as with createdb",
        "readonly": "choose a folder that can be written with `runs` or `storage`",
        "unable to open": "choose a folder that can be written with `runs` or `storage`",
        "locked": "another program holds it; try again when that has ended",
        "connection": "check host, port, user and password of `storage`",
        "resolve": "check the host of `storage`",
    }
    mend = next((mend for words, mend in mends.items() if words in line), "check `storage`")
    return f"cannot use the storage {shown(url)}: {line}; {mend}"
