"""A PostgreSQL server of the tests' own, started where the programs are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server of one's own, with its data in a folder."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The URL without a database: `postgresql+psycopg://postgres@127.0.0.1:PORT`."""
        return f"postgresql+psycopg://{ACCOUNT}@127.0.0.1:{self.port}"

    def make(self) -> None:
        """Makes the data folder."""
        self._run("initdb", "--username", ACCOUNT, "--auth", "trust", "--no-sync")

    def start(self) -> None:
        """Starts it; returns when it answers."""
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off"
        self._run("pg_ctl", "--wait", "-o", settings, "start")

    def stop(self, mode: str) -> None:
        """Stops it; `fast` tells its clients, `immediate` drops them."""
        self._run("pg_ctl", "--wait", "--mode", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        account = ACCOUNT if os.geteuid() == 0 else None
        # The server inherits its output, so a pipe would never end.
        with (self.folder / f"{program}.log").open("wb") as log:
            subprocess.run(
                command, check=True, user=account, cwd=self.folder, stdout=log, stderr=log
            )


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Starts a fresh server on a free port of 127.0.0.1, and removes it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="avq-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(programs=programs, folder=folder, port=probe.getsockname()[1])
    try:
        server.make()
        server.start()
        yield server
        server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
