"""`python -m studies.dashboard`: optuna-dashboard on a study's storage, on this machine only."""

import argparse
import sys
from collections.abc import Sequence
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from avq_core.cli import CommandParser, run_command
from studies.cli import add_study_options
from studies.errors import StudyError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_HOST = "127.0.0.1"
_LAST_PORT = 65535


class _Server(ThreadingMixIn, WSGIServer):
    """A request a thread: the page asks for several things at once."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    """Leaves the terminal to the address and to errors."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Says nothing of a request that was served."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.dashboard",
        description=f"Serves optuna-dashboard for a study on {_HOST}, until Ctrl-C.",
    )
    add_study_options(parser)
    parser.add_argument("--port", type=int, default=8080, metavar="N", help="default 8080")
    return parser


def main(argv: Sequence[str]) -> int:
    """Opens the study's storage and serves it."""
    options = build_parser().parse_args(argv)
    if not 1 <= options.port <= _LAST_PORT:
        raise StudyError(f"--port is {options.port}, expected 1 to {_LAST_PORT}")
    from optuna.artifacts import FileSystemArtifactStore
    from optuna_dashboard import wsgi

    from studies.storage import open_storage, open_study, storage_url

    study = open_study(options.runs, options.study, options.storage)
    url = storage_url(options.runs, study.study_name, options.storage)
    artifacts = options.runs / study.study_name / "artifacts"
    store = FileSystemArtifactStore(artifacts) if artifacts.is_dir() else None
    _serve(wsgi(open_storage(url), artifact_store=store), study.study_name, options.port)
    return 0


def _serve(app: "WSGIApplication", name: str, port: int) -> None:
    try:
        server = make_server(_HOST, port, app, _Server, _QuietHandler)
    except OSError as error:
        raise StudyError(
            f"port {port} cannot be used ({error.strerror}); give another with --port"
        ) from error
    with server:
        print(f"{name}: http://{_HOST}:{port}/dashboard (Ctrl-C ends)", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(run_command(main))
