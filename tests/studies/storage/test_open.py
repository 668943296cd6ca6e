"""Storages: Optuna's own conformance suite on what the opener opens, and what it refuses."""

import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.testing.pytest_storages import StorageTestCase
from sqlalchemy import text
from storages import new_storage

from studies.errors import StudyError
from studies.storage.open import (
    list_studies,
    make_schema,
    open_storage,
    open_study,
    storage_url,
)


class TestSqlite(StorageTestCase):
    """Optuna's suite on SQLite."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[RDBStorage]:
        """A new file."""
        storage = open_storage(new_storage(tmp_path, "suite"))
        yield storage
        storage.remove_session()
        storage.engine.dispose()


class TestPostgresql(StorageTestCase):
    """Optuna's suite on PostgreSQL."""

    @pytest.fixture
    def storage(self, postgresql_storage: str) -> Iterator[RDBStorage]:
        """A new database."""
        storage = open_storage(postgresql_storage)
        yield storage
        storage.remove_session()
        storage.engine.dispose()


def test_schema_is_made_once_and_found_again(runs: Path) -> None:
    """Making it a second time changes nothing."""
    url = storage_url(runs, "one", None)
    make_schema(url)
    optuna.create_study(study_name="one", storage=open_storage(url))
    make_schema(url)
    assert optuna.get_all_study_names(open_storage(url)) == ["one"]


def test_sqlite_is_opened_for_many_processes(runs: Path) -> None:
    """WAL lets readers and a writer work side by side; commits do not wait for the disk."""
    url = storage_url(runs, "one", None)
    make_schema(url)
    storage = open_storage(url)
    with storage.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 60_000
    assert storage.get_heartbeat_interval() == 5
    assert storage.grace_period == 30


@pytest.mark.parametrize("folder", ["with space", "q?x=1", "100%25", "a{b}c", "é#"])
def test_any_folder_name_will_do(tmp_path: Path, folder: str) -> None:
    """Characters that mean something in a URL mean themselves in a path."""
    url = storage_url(tmp_path / folder, "one", None)
    make_schema(url)
    open_storage(url)
    assert (tmp_path / folder / "one" / "study.db").is_file()


def test_a_named_storage_is_taken_as_it_is(runs: Path) -> None:
    """`--storage` wins over the runs folder."""
    assert storage_url(runs, "one", "sqlite:///mine.db") == "sqlite:///mine.db"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", r"not a URL, expected sqlite:///PATH or postgresql\+psycopg://"),
        ("mysql://me:secret@host/db", r"the storage is 'mysql', expected sqlite:///PATH or"),
        ("oracle://me:secret@host/db", r"the storage is 'oracle', expected"),
        ("sqlite://", r"SQLite without a file"),
        ("sqlite:///:memory:", r"workers are processes and share nothing else"),
        ("postgresql+psycopg://me:secret@host:port/db", r"not a URL"),
    ],
)
def test_urls_of_what_cannot_be_used_are_refused(runs: Path, url: str, message: str) -> None:
    """The message says what may be used and gives no password away."""
    with pytest.raises(StudyError, match=message) as caught:
        storage_url(runs, "one", url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    """One line with the server's address and what to check."""
    url = "postgresql+psycopg://me:secret@127.0.0.1:1/db?password=secret"
    pytest.importorskip("psycopg")
    with pytest.raises(
        StudyError, match=r"me:\*\*\*@127\.0\.0\.1:1/db.*check host, port"
    ) as caught:
        make_schema(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_driver_is_told_with_its_remedy() -> None:
    """The message is the command that installs it."""
    with pytest.raises(StudyError, match=r"pip install 'avq-search\[postgresql\]'"):
        make_schema("postgresql+pg8000://me@host/db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Neither the maker nor the opener touches it."""
    path = tmp_path / "notes.db"
    path.write_text("some notes of mine " * 99, encoding="utf-8")
    for use in (make_schema, open_storage):
        with pytest.raises(StudyError, match=r"notes\.db: file is not a database; name another"):
            use(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8").startswith("some notes")


def test_a_database_of_something_else_is_not_opened(tmp_path: Path) -> None:
    """A database without Optuna's tables holds no studies."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE prices (amount REAL)")
    connection.close()
    with pytest.raises(StudyError, match=r"no such table: .* it holds no studies"):
        open_storage(f"sqlite:///{path}")


def test_a_runs_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "runs").write_text("", encoding="utf-8")
    with pytest.raises(StudyError, match=r"choose a folder that can be written with `runs`"):
        make_schema(storage_url(tmp_path / "runs", "one", None))


def test_a_read_only_runs_folder_is_told(read_only_folder: Path) -> None:
    """The same for a folder that exists."""
    with pytest.raises(StudyError, match=r"(denied|not permitted); choose a folder"):
        make_schema(storage_url(read_only_folder, "one", None))


def test_a_study_that_is_not_there_names_those_that_are(runs: Path, study: optuna.Study) -> None:
    """And looking for it makes no file."""
    with pytest.raises(StudyError, match=r"no study 'tinny' in .*; expected one of tiny"):
        open_study(runs, "tinny", None)
    with pytest.raises(StudyError, match=r"no study 'x' in .*python -m search\.run starts one"):
        open_study(runs / "nowhere", "x", None)
    with pytest.raises(StudyError, match=r"no storage at .*nowhere\.db"):
        open_study(runs, "x", f"sqlite:///{runs}/nowhere.db")
    assert sorted(path.name for path in runs.iterdir()) == ["tiny"]


def test_the_most_recently_changed_study_is_the_default(
    runs: Path, study: optuna.Study, empty: optuna.Study
) -> None:
    """First of the list, and what is opened when none is named."""
    past = 1_000_000_000
    for path in (runs / "empty").iterdir():
        os.utime(path, (past, past))
    assert list_studies(runs, None) == ["tiny", "empty"]
    assert open_study(runs, None, None).study_name == "tiny"


def test_a_file_in_which_no_study_was_made_is_not_listed(runs: Path, study: optuna.Study) -> None:
    """A search that was stopped at its start left it; the others are shown."""
    (runs / "stopped").mkdir()
    (runs / "stopped" / "study.db").touch()
    make_schema(storage_url(runs, "begun", None))
    assert list_studies(runs, None) == [study.study_name]
    assert open_study(runs, None, None).study_name == study.study_name
    with pytest.raises(StudyError, match=r"there is no study 'begun'"):
        open_study(runs, "begun", None)


def test_studies_of_a_shared_storage_are_listed(runs: Path, study: optuna.Study) -> None:
    """The one with the newest trial first."""
    url = storage_url(runs, "tiny", None)
    optuna.create_study(study_name="second", storage=open_storage(url))
    assert list_studies(runs, url) == ["tiny", "second"]
    assert open_study(runs, "second", url).study_name == "second"
    with pytest.raises(StudyError, match=r"expected one of tiny, second"):
        open_study(runs, "third", url)


def test_a_study_in_a_folder_that_cannot_be_written_is_read(
    study: optuna.Study, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would make a log beside the file even to read it: an archive is opened as one."""
    made = [trial.state for trial in study.get_trials(deepcopy=False)]
    folder = runs / "tiny"
    study._storage.remove_session()
    study._storage._backend.engine.dispose()  # type: ignore[attr-defined]
    for log in folder.glob("study.db-*"):
        log.unlink()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and access(path, mode))
    opened = open_study(runs, "tiny", None)
    assert [trial.state for trial in opened.get_trials(deepcopy=False)] == made
    with pytest.raises(StorageInternalError, match="exception is raised during the commit"):
        opened.set_user_attr("a", 1)
    assert not list(folder.glob("study.db-*"))


def test_a_reader_waits_while_a_search_makes_the_tables(tmp_path: Path) -> None:
    """Optuna would write the version for it, and the search, which comes to that later, would fail."""
    path = tmp_path / "study.db"
    path.touch()
    url = f"sqlite:///{path}"
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(open_storage, url)
        time.sleep(0.1)
        assert not reading.done()
        make_schema(url)
        reading.result().engine.dispose()
