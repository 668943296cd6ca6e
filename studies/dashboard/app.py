"""The page: optuna-dashboard over all studies, with what we add to them."""

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
_MAKES: Final = re.compile(r"^/api/studies(/\d+/rename)?/?$")
_LOCAL: Final = re.compile(r"^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$", re.IGNORECASE)
_NOT_FROM_HERE: Final = "this page is for this machine alone: ask for localhost or 127.0.0.1"
_CATCH_UP_SECONDS: Final = 3.0
_NONE_OF_THEM: Final = "after=1000000000"
_NOT_HERE: Final = (
    "here each study lies in the folder of its name: python -m search.run --study NAME starts one, "
    "and none can be renamed"
)


class App:
    """A WSGI application.

    The page asks but once for a trial that has ended, so its note is to be there by then. Hence a
    request for a study has optuna-dashboard read the trials first, which it keeps for some seconds,
    and then waits, not for long, until the keeper has caught up with them.
    """

    def __init__(
        self, databases: Databases, keeper: Keeper, study: str, *, local: bool = True
    ) -> None:
        """Makes it.

        Args:
            databases: Of the page.
            keeper: Started or not.
            study: Name of the study asked for, in whose folder uploads are kept.
            local: Whether it is for this machine alone: then a page of another site, whose name was made
                to lead here, is turned away by the name that its browser asks for.
        """
        own = results_folder(databases.runs, study) / ARTIFACTS
        store = Artifacts(databases, keeper.boards, own)
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
            return _refuse(start_response, "403 Forbidden", _NOT_FROM_HERE)
        if method == "POST" and self._databases.is_folder and _MAKES.match(path):
            return _refuse(start_response, "400 Bad Request", _NOT_HERE)
        if method == "GET" and (found := _STUDY.match(path)):
            self._read_trials(environ)
            self._keeper.catch_up(int(found[1]), seconds=_CATCH_UP_SECONDS)
        answer: Any = self._inner(environ, start_response)
        return answer  # type: ignore[no-any-return]

    def _read_trials(self, environ: "WSGIEnvironment") -> None:
        """Asks for a study, but for none of its trials."""
        self._inner(environ | {"QUERY_STRING": _NONE_OF_THEM}, lambda *_: None)


def _refuse(start_response: "StartResponse", status: str, reason: str) -> Iterable[bytes]:
    body = json.dumps({"reason": reason}).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, head)
    return [body]
