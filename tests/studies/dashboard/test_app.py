"""`studies.dashboard.app`: requests to the page, before they reach optuna-dashboard."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import optuna
import pytest
from browser.make_believe import make_study

from studies.dashboard.app import App
from studies.dashboard.board import ARTIFACTS
from studies.dashboard.databases import STUDY_STEP, Databases
from studies.dashboard.keeper import Keeper
from studies.storage.open import storage_url


class Page:
    """An application to ask."""

    def __init__(self, runs: Path, storage: str | None = None) -> None:
        self.databases = Databases(runs, "tiny", storage, notify=print)
        self.keeper = Keeper(self.databases, notify=print, on_picture=lambda *_: None)
        self._app = App(self.databases, self.keeper, "tiny")

    def ask(
        self, method: str, path: str, content: Any = None, host: str = "localhost"
    ) -> tuple[str, bytes]:
        """Status and body of an answer."""
        import io

        body = b"" if content is None else json.dumps(content).encode()
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": host}
        setup_testing_defaults(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
        status: list[str] = []
        answer = self._app(environ, lambda line, *_: status.append(line))  # type: ignore[arg-type]
        return status[0], b"".join(answer)


@pytest.fixture
def page(study: optuna.Study, runs: Path) -> Iterator[Page]:
    """Of two studies, the keeper at work."""
    make_study(runs, "other", trials=6)
    page = Page(runs)
    page.keeper.start()
    yield page
    page.keeper.stop(seconds=30)
    page.databases.close()


@pytest.mark.parametrize("study_id", [1, STUDY_STEP + 1])
def test_a_study_has_its_notes_in_the_first_answer(page: Page, study_id: int) -> None:
    """The page asks no second time for a trial that has ended; its picture can be had."""
    status, body = page.ask("GET", f"/api/studies/{study_id}")
    assert status.startswith("200")
    answer = json.loads(body)
    assert answer["note"]["body"].startswith("## ")
    trial = answer["trials"][2]
    assert trial["note"]["body"].startswith("**Trial 2")
    path = f"/artifacts/{study_id}/{trial['trial_id']}/{trial['artifacts'][0]['artifact_id']}"
    assert f"]({path})" in trial["note"]["body"]
    status, body = page.ask("GET", path)
    assert status.startswith("200")
    assert body[:4] == b"\x89PNG"


def test_a_note_by_hand_is_saved(page: Page) -> None:
    """In the other database, by what the page sends; it stays."""
    answer = json.loads(page.ask("GET", f"/api/studies/{STUDY_STEP + 1}")[1])
    trial = answer["trials"][2]
    path = f"/api/studies/{STUDY_STEP + 1}/{trial['trial_id']}/note"
    sent = {"version": trial["note"]["version"] + 1, "body": "by hand"}
    assert page.ask("PUT", path, sent)[0].startswith("204")
    answer = json.loads(page.ask("GET", f"/api/studies/{STUDY_STEP + 1}")[1])
    assert answer["trials"][2]["note"]["body"] == "by hand"


@pytest.mark.parametrize(
    "path", ["/api/studies", "/api/studies/1/rename", "/api/studies/1/rename/"]
)
def test_studies_of_folders_are_not_made_nor_renamed(page: Page, path: str) -> None:
    """They would lie where no command finds them; the page shows the reason."""
    content = {"study_name": "new", "directions": ["maximize"]}
    status, body = page.ask("POST", path, content)
    assert status.startswith("400")
    assert "python -m search.run --study NAME" in json.loads(body)["reason"]
    names = [
        s["study_name"] for s in json.loads(page.ask("GET", "/api/studies")[1])["study_summaries"]
    ]
    assert names == ["tiny", "other"]


def test_studies_of_a_named_storage_are(study: optuna.Study, runs: Path) -> None:
    """As optuna-dashboard does."""
    page = Page(runs, storage_url(runs, "tiny", None))
    content = {"study_name": "new", "directions": ["maximize"]}
    assert page.ask("POST", "/api/studies", content)[0].startswith("201")
    assert page.ask("POST", "/api/studies/2/rename", {"study_name": "newer"})[0].startswith("201")
    assert optuna.get_all_study_names(study._storage) == ["tiny", "newer"]


def test_a_study_is_deleted(page: Page, study: optuna.Study) -> None:
    """Pictures that are drawn, or are still to be, are no hindrance."""
    answer = json.loads(page.ask("GET", "/api/studies/1")[1])
    picture = next(t["artifacts"][0]["artifact_id"] for t in answer["trials"] if t["artifacts"])
    folder = page.databases.runs / "tiny" / ARTIFACTS
    page.ask("GET", f"/artifacts/1/{answer['trials'][0]['trial_id']}/{picture}")
    assert any(folder.iterdir())
    assert page.ask("DELETE", "/api/studies/1", {})[0].startswith("204")
    assert optuna.get_all_study_names(study._storage) == []
    assert page.keeper.is_alive()


def test_a_study_that_is_not_there_is_not_found(page: Page) -> None:
    """In an answer, not by a crash."""
    for study_id in (77, 99 * STUDY_STEP):
        assert page.ask("GET", f"/api/studies/{study_id}")[0].startswith("404")
    assert page.keeper.is_alive()


@pytest.mark.parametrize(
    ("host", "answer"), [("localhost:8080", "200"), ("127.0.0.1", "200"), ("evil.example", "403")]
)
def test_a_page_of_another_site_is_turned_away(page: Page, host: str, answer: str) -> None:
    """Its name may be made to lead to this machine, and a browser would let it read and delete."""
    assert page.ask("GET", "/api/studies", host=host)[0].startswith(answer)
