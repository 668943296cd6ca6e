"""The password of a storage's URL is nowhere to be found: not in a terminal, a file, a page or a database."""

import json
from pathlib import Path
from urllib.parse import quote

import optuna
import pytest
from commands import run, write_space, write_tiny
from dashboard_server import fetch, serving
from sqlalchemy import create_engine, text

from search.cli import arguments
from search.job import Job
from search.main_job.provenance import note_provenance
from search.settings import Settings
from studies.records.read import read_study

MARK = "S3CR3T"
PASSWORD = f"{MARK}@rest/of it?%"
USER = "me@server"
QUERIES = (
    "SELECT value_json FROM study_user_attributes",
    "SELECT value_json FROM study_system_attributes",
    "SELECT value_json FROM trial_user_attributes",
    "SELECT value_json FROM trial_system_attributes",
)


def with_password(server: str) -> str:
    """A URL on that server of a user with an @, a password of all that must be encoded, and a file of one."""
    host = server.partition("@")[2]
    return f"postgres://{USER}:{quote(PASSWORD, safe='')}@{host}?passfile=/{MARK}"


def test_neither_settings_nor_their_command_line_show_it() -> None:
    """A traceback or a log may hold the one, and a study does hold the other."""
    settings = Settings(storage=with_password("x@host/db"))
    url = "postgresql+psycopg://me%40server:***@host/db?passfile=..."
    assert arguments(settings) == ["--storage", url]
    assert MARK not in repr(settings)
    assert not Job.__dataclass_fields__["url"].repr
    study = optuna.create_study()
    note_provenance(study, arguments(settings), ["cpu"])
    provenance = read_study(study).provenance
    assert provenance is not None
    assert provenance.command == f"python -m search.run --storage '{url}'"


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("search.run", ["--study", "{url}"], "--study is a URL, expected a name"),
        ("search.run", ["--storag={url}"], "--storag=postgres://..."),
        ("search.run", ["--storage", "postgres://me:first@{mark}@host/db"], "write @ as %40"),
        ("studies.show", ["{url}"], "the study's name is a URL"),
        ("studies.show", ["a", "b", "{url}"], "unrecognized arguments: postgres://..."),
        ("studies.report", ["--storage", "mysql://me:{mark}@host/db"], "the storage is 'mysql'"),
    ],
)
def test_a_url_in_a_wrong_place_is_not_repeated(
    command: str, options: list[str], message: str, tmp_path: Path
) -> None:
    """A terminal's text ends in logs."""
    url = with_password("x@host/db")
    done = run(command, "--runs", tmp_path, *(word.format(url=url, mark=MARK) for word in options))
    assert done.returncode == 2
    assert message in done.stderr
    assert MARK not in done.stdout + done.stderr


@pytest.mark.slow
# Of connections that commands in this process leave to its end (`tests/conftest.py`).
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_study_on_a_server_holds_it_nowhere(postgresql: str, tmp_path: Path) -> None:
    """All that the commands print, write, store and serve, from the search to the dashboard."""
    engine = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE ROLE "{USER}" SUPERUSER LOGIN'))
    url, runs = with_password(postgresql), tmp_path / "runs"
    data, space = write_tiny(tmp_path), write_space(tmp_path)
    where = ["--storage", url, "--runs", runs]
    told = [
        run(
            "search.run", *where, "--study", "hidden", "--data", data, "--space", space,
            "--trials", 2, "--workers", 1, "--baseline-epochs", 1, "--confirm", 0,
        ),
        run("studies.show", "hidden", *where),
        run("studies.show", "hidden", "--json", *where),
        run("studies.export", "hidden", "--out", "-", *where),
        run("studies.report", "hidden", "--format", "md", "--out", "-", *where),
        run("studies.migrate", "hidden", "--space", space, "--into", "copy", *where),
        run("studies.show", "nobody", *where),
        run("studies.show", "hidden", "--storage", url.replace("127.0.0.1:", "127.0.0.1:1")),
    ]  # fmt: skip
    assert [done.returncode for done in told] == [0, 0, 0, 0, 0, 0, 2, 2], told
    with serving("hidden", *where) as served:
        page = fetch(f"{served.url}/api/studies/1").decode()
    texts = [page, served.told, served.errors, *(done.stdout + done.stderr for done in told)]
    texts += [p.read_bytes().decode(errors="replace") for p in runs.rglob("*") if p.is_file()]
    with engine.connect() as connection:
        texts += [value for query in QUERIES for value in connection.execute(text(query)).scalars()]
        connection.execute(text(f'REASSIGN OWNED BY "{USER}" TO CURRENT_USER'))
        connection.execute(text(f'DROP ROLE "{USER}"'))
    engine.dispose()
    assert "me%40server:***@127.0.0.1" in json.loads(page)["note"]["body"]
    assert sum("me%40server:***@127.0.0.1" in words for words in texts) >= 5
    for form in (MARK, quote(PASSWORD), quote(PASSWORD, safe="")):
        assert not [words for words in texts if form in words]
