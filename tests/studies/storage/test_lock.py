"""Locks, tested with processes: one holder at a time, and none left by a holder that dies."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy

from studies.errors import StudyError
from studies.storage.lock import study_lock
from studies.storage.open import storage_url

HOLD = """
import sys, time
from studies.storage.lock import study_lock
lock = study_lock(sys.argv[1], "one")
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""

COUNT = """
import pathlib, sys
from studies.storage.lock import study_lock
lock, path = study_lock(sys.argv[1], "one"), pathlib.Path(sys.argv[2])
for _ in range(40):
    with lock:
        number = int(path.read_text())
        path.write_text(str(number + 1))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, runs: Path) -> str:
    """A storage of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql"))
    (runs / "one").mkdir(parents=True)
    return storage_url(runs, "one", None)


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_processes_take_turns(url: str, tmp_path: Path) -> None:
    """Reading and writing back, side by side, loses no count."""
    counter = tmp_path / "count"
    counter.write_text("0", encoding="utf-8")
    processes = [start(COUNT, url, str(counter)) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert counter.read_text(encoding="utf-8") == "120"


def test_dies_with_its_holder(url: str) -> None:
    """Waits while another process holds it; has it as soon as that one is killed."""
    with start(HOLD, url) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with start(HOLD, url) as waiter:
            time.sleep(0.5)
            assert waiter.poll() is None
            holder.send_signal(signal.SIGKILL)
            assert waiter.stdout is not None
            assert waiter.stdout.readline() == "held\n"
            waiter.kill()


def test_can_be_released_early_and_again(url: str) -> None:
    """A worker lets go in the middle of the guarded call; the end of the block does no harm."""
    lock = study_lock(url, "one")
    lock.release()
    with lock:
        lock.release()
        with study_lock(url, "one"):
            pass
    lock.acquire()
    lock.release()
    lock.release()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_lock_knows_whether_it_is_held(
    kind: str, runs: Path, request: pytest.FixtureRequest
) -> None:
    """A server that closes its connection releases it, and releasing it then is no error."""
    (runs / "one").mkdir(parents=True)
    url = storage_url(runs, "one", None)
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql")
    lock = study_lock(url, "one")
    assert not lock.is_held()
    with lock:
        assert lock.is_held()
        if kind == "postgresql":
            close_all_connections(url)
            assert not lock.is_held()
            with study_lock(url, "one"):
                pass
    assert not lock.is_held()


def close_all_connections(url: str) -> None:
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sqlalchemy.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def test_acquiring_twice_is_a_bug(url: str) -> None:
    """It would wait for itself for ever."""
    lock = study_lock(url, "one")
    with lock, pytest.raises(RuntimeError, match="acquired twice without a release"):
        lock.acquire()


def test_a_folder_that_is_not_there_is_told(runs: Path) -> None:
    """One line, no traceback."""
    lock = study_lock(storage_url(runs, "nowhere", None), "nowhere")
    with pytest.raises(StudyError, match=r"No such file or directory; choose a folder"):
        lock.acquire()


def test_other_databases_have_no_lock() -> None:
    """Said before anything is started."""
    with pytest.raises(StudyError, match=r"the storage is 'mysql', expected sqlite"):
        study_lock("mysql://me@host/db", "one")
