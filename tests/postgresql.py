"""A PostgreSQL server of the tests' own, started where the programs are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCOUNT = "postgres"
"""Debian's account for the server, which does not run as root."""


def find_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; Debian keeps it off the PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@contextmanager
def running_server(programs: Path) -> Iterator[str]:
    """Starts a fresh server on a free port of 127.0.0.1, and removes it at the end.

    Yields:
        The URL without a database: `postgresql+psycopg://postgres@127.0.0.1:PORT`.
    """
    folder = Path(tempfile.mkdtemp(prefix="avq-postgresql-"))
    account = ACCOUNT if os.geteuid() == 0 else None
    if account is not None:
        shutil.chown(folder, account)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        # The server inherits its output, so a pipe would never end.
        with (folder / f"{program}.log").open("wb") as log:
            subprocess.run(command, check=True, user=account, cwd=folder, stdout=log, stderr=log)

    try:
        run("initdb", "--username", ACCOUNT, "--auth", "trust", "--no-sync")
        run("pg_ctl", "--wait", "-o", settings, "start")
        yield f"postgresql+psycopg://{ACCOUNT}@127.0.0.1:{port}"
        run("pg_ctl", "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
