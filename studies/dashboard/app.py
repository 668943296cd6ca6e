"""The WSGI application: optuna-dashboard over all studies, with notes and pictures."""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from optuna_dashboard import wsgi

from studies.dashboard.artifacts import Artifacts
from studies.dashboard.board import ARTIFACTS
from studies.dashboard.combined import CombinedStorage
from studies.dashboard.databases import Databases
from studies.dashboard.keeper import Keeper
from studies.names import results_folder

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_STUDY: Final = re.compile(r"^/api/studies/(\d+)/?$")
_CREATE_OR_RENAME: Final = re.compile(r"^/api/studies(/\d+/rename)?/?$")
_LOCAL: Final = re.compile(r"^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$", re.IGNORECASE)
_OTHER_HOST: Final = "this page is for this machine only: use localhost or 127.0.0.1 as its address"
_CATCH_UP_SECONDS: Final = 3.0
_NO_TRIALS: Final = "after=1000000000"
_NO_NEW_STUDIES: Final = (
    "each study has a folder of its name, so it cannot be renamed; start a new one with "
    "python -m search.run --study NAME"
)


class App:
    """A WSGI application.

    The page asks for a trial that has ended only once, so its note must exist by then. Hence a request
    for a study first makes optuna-dashboard read the trials, which it caches for some seconds, and then
    waits a short time until the keeper has written their notes.
    """

    def __init__(
        self, databases: Databases, keeper: Keeper, study: str, *, local: bool = True
    ) -> None:
        """Builds the application.

        Args:
            databases: Databases of the page.
            keeper: The updating thread, started or not.
            study: Name of the requested study; uploads are stored in its folder.
            local: Whether to serve this machine only. Then requests under any other host name are refused,
                which protects from DNS rebinding.
        """
        uploads = results_folder(databases.runs, study) / ARTIFACTS
        store = Artifacts(databases, keeper.boards, uploads)
        self._inner = wsgi(CombinedStorage(databases), artifact_store=store)
        self._databases = databases
        self._keeper = keeper
        self._local = local

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answers a request."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if self._local and not _LOCAL.match(environ.get("HTTP_HOST", "localhost")):
            return _refuse(start_response, "403 Forbidden", _OTHER_HOST)
        if method == "POST" and self._databases.is_folder and _CREATE_OR_RENAME.match(path):
            return _refuse(start_response, "400 Bad Request", _NO_NEW_STUDIES)
        if method == "GET" and (match := _STUDY.match(path)):
            self._read_trials(environ)
            self._keeper.catch_up(int(match[1]), seconds=_CATCH_UP_SECONDS)
        answer: Any = self._inner(environ, start_response)
        return answer  # type: ignore[no-any-return]

    def _read_trials(self, environ: "WSGIEnvironment") -> None:
        """Requests the study with none of its trials, which makes optuna-dashboard read all of them."""
        self._inner(environ | {"QUERY_STRING": _NO_TRIALS}, lambda *_: None)


def _refuse(start_response: "StartResponse", status: str, reason: str) -> Iterable[bytes]:
    body = json.dumps({"reason": reason}).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, head)
    return [body]
