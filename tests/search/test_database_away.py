"""A PostgreSQL server that is stopped in the middle of a search."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from commands import SMALL_SPACE, write_tiny
from postgresql import Server, find_programs, running_server

EPOCHS = 60


@pytest.fixture
def server() -> Iterator[Server]:
    """One that no other test uses."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here")
    with running_server(programs) as running:
        yield running


@pytest.fixture
def search(server: Server, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A search that is in the middle of its second trial."""
    space = tmp_path / "long.yaml"
    space.write_text(
        SMALL_SPACE.replace("epochs: 3", f"epochs: {EPOCHS}").replace(
            "cycle_epochs: 1", f"cycle_epochs: {EPOCHS}"
        )
    )
    options = {
        "data": write_tiny(tmp_path), "space": space, "trials": 2, "baseline-epochs": 1, "confirm": 0,
        "workers": 1, "devices": "cpu", "runs": tmp_path / "runs", "study": "away",
        "storage": f"{server.url}/postgres",
    }  # fmt: skip
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    with subprocess.Popen(
        [sys.executable, "-m", "search.run", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            while not is_training(server):
                assert process.poll() is None, process.communicate()
                time.sleep(0.3)
            yield process
        finally:
            process.kill()


def read(server: Server, query: str) -> list[str]:
    """The first column of a query's rows, on a connection of its own."""
    with psycopg.connect(f"{server.url.replace('+psycopg', '')}/postgres") as connection:
        return [str(row[0]) for row in connection.execute(query.encode())]


def is_training(server: Server) -> bool:
    """Whether a trial has reported several epochs."""
    try:
        (number,) = read(server, "SELECT count(*) FROM trial_intermediate_values")
    except psycopg.errors.UndefinedTable:
        return False
    return int(number) > 5


@pytest.mark.slow
def test_a_restart_of_the_server_costs_time_but_no_trial(
    server: Server, search: subprocess.Popen[str], tmp_path: Path
) -> None:
    """The search says that it waits, and that it goes on; no trial fails."""
    server.stop("fast")
    time.sleep(4)
    server.start()
    _, told = search.communicate(timeout=240)
    assert search.returncode == 0, told
    assert told.count("does not answer; the search waits for it") == 1
    assert told.count("the database answers again, after") == 1
    assert "Traceback" not in told
    (log,) = tmp_path.glob("runs/away/logs/*.log")
    assert "Traceback" not in log.read_text(encoding="utf-8")
    assert read(server, "SELECT state FROM trials") == ["COMPLETE"] * 2


@pytest.mark.slow
def test_ctrl_c_while_the_server_is_away_ends_the_search(
    server: Server, search: subprocess.Popen[str]
) -> None:
    """Within ten seconds, as at any other time."""
    server.stop("immediate")
    try:
        time.sleep(2)
        search.send_signal(signal.SIGINT)
        _, told = search.communicate(timeout=12)
    finally:
        server.start()
    assert search.returncode == 130, told
    assert "stopping: running trials go back to the queue" in told
    assert "Traceback" not in told
