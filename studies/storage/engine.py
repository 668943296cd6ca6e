"""How SQLAlchemy connects to a storage: timeouts, pools, and the settings of each connection."""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from studies.storage.urls import sqlite_path

BUSY_SECONDS: Final = 60
"""How long a writer waits for another writer's transaction; a transaction takes milliseconds."""
CONNECT_SECONDS: Final = 10
_KEEPALIVE: Final = (
    "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
"""A machine that loses power closes no connection; so the server must notice, or it keeps locks for hours."""

_CLIENT_KEEPALIVE: Final[Mapping[str, int]] = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""The same for a server that loses power: its client would wait for an answer for hours. The last is in ms."""

_READ_ONLY: Final = "-c default_transaction_read_only=on"


class _Connection(sqlite3.Connection):
    """A SQLite connection whose commits do not wait for the disk.

    In WAL mode a crash of the machine may then lose the last commits but never corrupts the file. The
    class sets this, not an event of the engine, so that it also holds for an unpickled storage.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA synchronous = NORMAL").close()


def engine_settings(url: str, *, read_only: bool = False) -> dict[str, Any]:
    """Settings of a SQLAlchemy engine: timeouts, pool, and the settings of each connection.

    Args:
        url: The storage's URL.
        read_only: Whether a PostgreSQL server is to refuse every change.
    """
    if sqlite_path(url) is not None:
        return {"connect_args": {"timeout": BUSY_SECONDS, "factory": _Connection}}
    options = f"{_KEEPALIVE} {_READ_ONLY}" if read_only else _KEEPALIVE
    return {
        "connect_args": {
            "connect_timeout": CONNECT_SECONDS,
            "options": options,
            **_CLIENT_KEEPALIVE,
        },
        # A worker needs two connections, one of them for its heartbeat. Servers drop idle ones while
        # a trial trains, hence the ping.
        "pool_size": 2,
        "max_overflow": 2,
        "pool_pre_ping": True,
    }
