"""Storage URLs: which are valid, how they are printed, and error messages for users."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from studies.errors import StudyError

if TYPE_CHECKING:
    from sqlalchemy import URL

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_DRIVERS: Final[Mapping[str, str]] = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""What the first part of a URL may be, and what it means."""
_EXPECTED: Final = "sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
_AMBIGUOUS: Final = (
    "the storage's URL can be read in two ways (it is not shown, since it may hold a password); in user, "
    "password and parameters write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 and [ as %5B"
)
_MASK: Final = "***"
"""What SQLAlchemy prints for a password."""
_HARMLESS: Final = frozenset(
    {
        *("application_name", "channel_binding", "connect_timeout", "host", "port", "service"),
        *("sslmode", "sslrootcert", "target_session_attrs"),
    }
)
"""Parameters of a URL that are printed with their values."""
_SECRET: Final = frozenset({"passfile", "password", "sslpassword"})
"""Those that are printed without. Any other may be a piece of a password in which & or = was not encoded."""


def parse_url(url: str) -> "URL":
    """Parses a storage's URL; completes the driver, and `~` in the path of a SQLite file.

    Raises:
        StudyError: The text is not a URL, can be read in two ways, or names neither a SQLite file nor
            PostgreSQL. The text is not repeated in the message: it may hold a password anywhere.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without its cause, which repeats parts of the text.
        raise StudyError(f"the storage is not a URL, expected {_EXPECTED}") from None
    backend = parsed.get_backend_name()
    if parsed.drivername not in _DRIVERS:
        raise StudyError(_unknown_driver(backend, parsed.drivername))
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if backend == SQLITE:
        return _sqlite_url(parsed)
    if _is_ambiguous(url, parsed):
        raise StudyError(_AMBIGUOUS)
    if _MASK in _secrets(parsed):
        raise StudyError(
            f"the storage's password is {_MASK}, as it is printed here; write the password itself"
        )
    return parsed


def _unknown_driver(backend: str, driver: str) -> str:
    backends = {name.partition("+")[0] for name in _DRIVERS}
    if backend in backends:
        return (
            f"the storage's driver is {driver!r}, expected {_EXPECTED}; the driver of PostgreSQL is "
            "installed by: pip install 'avq-search[postgresql]'"
        )
    return (
        f"the storage is {backend!r}, expected {_EXPECTED}; "
        "trials are claimed under a lock that other databases do not have"
    )


def _sqlite_url(parsed: "URL") -> "URL":
    if parsed.host or parsed.username is not None or parsed.password is not None:
        raise StudyError(
            "the storage is SQLite with a host, expected sqlite:///PATH with three slashes, four for an "
            "absolute path"
        )
    database = parsed.database or ""
    if database in {"", ":memory:"} or database.startswith("file:"):
        raise StudyError(
            "the storage is SQLite without a file, expected sqlite:///PATH: workers are processes and "
            "share nothing else"
        )
    if not database.startswith("~"):
        return parsed
    try:
        return parsed.set(database=str(Path(database).expanduser()))
    except RuntimeError:
        raise StudyError(
            f"the storage is {database!r}, whose home folder is not known; write the whole path"
        ) from None


def _is_ambiguous(url: str, parsed: "URL") -> bool:
    """Whether RFC 3986 reads another user, password or host than SQLAlchemy.

    They differ where a password holds @, or a character at which the address ends by the RFC. An @ after
    the host may be that of a user name or password, too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # an unpaired bracket
        return True
    if "@" in parts.path + parts.query + parts.fragment:
        return True
    user, password = (None if p is None else unquote(p) for p in (parts.username, parts.password))
    host = (parsed.host or "").lower()
    return (user, password, parts.hostname or "") != (parsed.username, parsed.password, host)


def _secrets(parsed: "URL") -> frozenset[str]:
    """Texts of a URL that must not be shown."""
    values = [str(parsed.password or "")]
    for name, value in parsed.query.items():
        if name not in _HARMLESS:
            values += [value] if isinstance(value, str) else value
            values += [] if name in _SECRET else [name]
    return frozenset(filter(None, values))


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; `None` for a server."""
    parsed = parse_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == SQLITE else None


def complete_url(url: str) -> str:
    """The URL as `parse_url` completes it, password included: to connect with, not to be shown."""
    return parse_url(url).render_as_string(hide_password=False)


def shown(url: str) -> str:
    """A URL for messages: a file's path, or a server's address without secrets."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == SQLITE:
        return parsed.database or ""
    return parsed.set(query={}).render_as_string(hide_password=True)


def without_secrets(url: str) -> str:
    """A URL for commands that are stored or shown; the user puts the password in again."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == SQLITE:
        return parsed.render_as_string()
    query = {
        name: "..." if name in _SECRET else value
        for name, value in parsed.query.items()
        if name in _HARMLESS | _SECRET
    }
    return parsed.set(query=query).render_as_string(hide_password=True)


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
        "pip install 'avq-search[postgresql]'"
    )


def _message(url: str, error: BaseException) -> str:
    """The first line of the database's message, and how to mend the cause."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    words = str(getattr(root, "orig", None) or root).strip()
    line = words.splitlines()[0] if words else type(root).__name__
    line = _masked(line, parse_url(url))
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


def _masked(line: str, parsed: "URL") -> str:
    """A driver's message without the secrets of the URL, as written or percent-encoded."""
    for secret in _secrets(parsed):
        for form in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}:
            # Whole words: a password such as `a` is not every letter a.
            line = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", _MASK, line)
    return line
