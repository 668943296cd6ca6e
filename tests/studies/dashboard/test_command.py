"""`studies.dashboard`: serves a study, and all beside it, until Ctrl-C."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from commands import assert_one_line, run
from dashboard_server import Served, ask, fetch, serving
from optuna.trial import TrialState, create_trial
from storages import new_study

from studies.dashboard import __main__ as dashboard
from studies.dashboard.server import shown as shown_host
from studies.storage.open import open_study, storage_url


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, make_study: Callable[[Path], optuna.Study]
) -> Path:
    """A runs folder with a study, and one that something else made."""
    runs = tmp_path_factory.mktemp("served") / "runs"
    make_study(runs)
    foreign = new_study(runs, "foreign")
    foreign.add_trial(create_trial(state=TrialState.COMPLETE, value=1.0))
    return runs


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[Served]:
    """A server of it for this machine; ends at Ctrl-C, warns of nothing, though it is at its pictures."""
    with serving("tiny", "--runs", folder, "--host", "localhost") as served:
        yield served
    assert served.process.returncode == 130
    assert "Traceback" not in served.errors
    assert "warning" not in served.errors


def test_serves_the_study_and_those_beside_it(page: Served) -> None:
    """The first line has the address and the number of other studies."""
    base = f"{page.url.replace('127.0.0.1', 'localhost')}/dashboard"
    assert page.told.startswith(f"tiny: {base}/studies/1; 1 more in the list, {base} (")
    listed = ask(f"{page.url}/api/studies")["study_summaries"]
    assert [entry["study_name"] for entry in listed] == ["tiny", "foreign"]


def test_a_study_that_something_else_made_is_shown_as_it_is(page: Served, folder: Path) -> None:
    """Nothing is added to it."""
    shown = ask(f"{page.url}/api/studies/1001")
    assert shown["name"] == "foreign"
    assert shown["note"]["body"] == ""
    foreign = open_study(folder, "foreign", None)
    assert foreign._storage.get_study_system_attrs(1) == {}


@pytest.mark.slow
def test_whose_study_it_is_is_told_of_one_that_something_else_made(folder: Path) -> None:
    """In one line on stderr; the page is served all the same."""
    with serving("foreign", "--runs", folder) as served:
        assert served.told.startswith("foreign: http")
    assert "foreign was not made by this program: it is shown as it is" in served.errors


@pytest.mark.slow
def test_a_trial_that_ends_meanwhile_has_its_note_and_picture(page: Served, folder: Path) -> None:
    """In the answer in which it is first seen to have ended."""
    study = open_study(folder, "tiny", None)
    assert ask(f"{page.url}/api/studies/1")["trials"][5]["note"]["body"] == ""
    study._storage.set_trial_state_values(study.trials[5]._trial_id, TrialState.PRUNED, [0.2])
    while (shown := ask(f"{page.url}/api/studies/1")["trials"][5])["state"] == "Running":
        pass  # optuna-dashboard keeps what it read for two seconds
    assert shown["note"]["body"].startswith("**Trial 5: pruned**")
    artifact = shown["artifacts"][0]["artifact_id"]
    picture = fetch(f"{page.url}/artifacts/1/{shown['trial_id']}/{artifact}")
    assert picture[:4] == b"\x89PNG"


@pytest.mark.slow
def test_a_locked_database_is_served(study: optuna.Study, runs: Path) -> None:
    """While another program holds it, without notes; and it ends at Ctrl-C all the same."""
    other = sqlite3.connect(runs / "tiny" / "study.db")
    other.execute("BEGIN IMMEDIATE")
    try:
        with serving("tiny", "--runs", runs) as served:
            assert len(ask(f"{served.url}/api/studies/1")["trials"]) == 7
    finally:
        other.close()
    assert served.process.returncode == 130
    assert "Traceback" not in served.errors


@pytest.mark.slow
def test_a_storage_that_is_named_is_served(study: optuna.Study, runs: Path, tmp_path: Path) -> None:
    """Pictures lie under --runs, in a folder of the study's name."""
    url = storage_url(runs, "tiny", None)
    elsewhere = tmp_path / "elsewhere"
    with serving("tiny", "--runs", elsewhere, "--storage", url) as served:
        assert served.told.startswith(f"tiny: {served.url}/dashboard/studies/1 (")
        listing = ask(f"{served.url}/api/studies/1")
        artifact = listing["trials"][0]["artifacts"][0]["artifact_id"]
        fetch(f"{served.url}/artifacts/1/{listing['trials'][0]['trial_id']}/{artifact}")
    assert (elsewhere / "tiny" / "artifacts" / artifact).is_file()


def test_a_port_in_use_is_one_line(study: optuna.Study, runs: Path) -> None:
    """The port of another server gives a clear message."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("studies.dashboard", "tiny", "--runs", runs, "--port", port)
    assert_one_line(done, f"port {port}", "--port")


@pytest.mark.parametrize("port", [0, 70_000])
def test_a_port_that_is_none_is_one_line(runs: Path, port: int) -> None:
    """Checked before anything is opened."""
    assert_one_line(run("studies.dashboard", "x", "--port", port), f"--port is {port}")


@pytest.mark.parametrize("host", ["999.1.1.1", "two words", "192.0.2.1", "a" * 80 + ".b"])
def test_a_host_that_is_none_is_one_line(study: optuna.Study, runs: Path, host: str) -> None:
    """No address, and one of another machine."""
    done = run("studies.dashboard", "tiny", "--runs", runs, "--host", host)
    assert_one_line(done, host, "--host")


@pytest.mark.slow
def test_other_machines_are_let_in_with_a_warning(study: optuna.Study, runs: Path) -> None:
    """There is no password."""
    with serving("tiny", "--runs", runs, "--host", "0.0.0.0") as served:  # noqa: S104
        assert ask(f"{served.url}/api/studies")
    assert "warning: --host 0.0.0.0 lets other machines in" in served.errors
    assert "delete studies" in served.errors


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("0.0.0.0", None)],  # noqa: S104
)
def test_an_address_is_shown_as_a_browser_takes_it(host: str, shown: str | None) -> None:
    """A wildcard is no address: this machine's name is."""
    assert shown_host(host) == (shown or socket.gethostname())


@pytest.mark.slow
def test_serves_ipv6(study: optuna.Study, runs: Path) -> None:
    """Where the machine has it; it is this machine only, so nothing is warned of."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        assert_one_line(run("studies.dashboard", "tiny", "--runs", runs, "--host", "::1"), "::1")
        return
    with serving("tiny", "--runs", runs, "--host", "::1") as served:
        assert ask(f"{served.url.replace('127.0.0.1', '[::1]')}/api/studies")
    assert "warning" not in served.errors


@pytest.mark.parametrize("is_terminal", [False, True])
def test_says_how_far_the_pictures_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    """A line that counts on a terminal; elsewhere one line at the end."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    for done in (1, 2):
        dashboard._progress("tiny", done, 2)
    counted = "\rpictures of tiny: 1 of 2\rpictures of tiny: 2 of 2\n"
    assert capsys.readouterr().err == (counted if is_terminal else "pictures of tiny: 2 drawn\n")
