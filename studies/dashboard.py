"""`python -m studies.dashboard`: optuna-dashboard on a study's storage, on this machine only."""

import argparse
import socket
import sys
from collections.abc import Sequence

from avq_core.cli import CommandParser, run_command
from studies.cli import add_study_options
from studies.errors import StudyError

_HOST = "127.0.0.1"


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
    _check_port(options.port)
    from optuna_dashboard import run_server

    from studies.storage import open_storage, open_study, storage_url

    study = open_study(options.runs, options.study, options.storage)
    url = storage_url(options.runs, study.study_name, options.storage)
    print(f"{study.study_name}: http://{_HOST}:{options.port}/dashboard (Ctrl-C ends)", flush=True)
    run_server(open_storage(url), host=_HOST, port=options.port)
    return 0


def _check_port(port: int) -> None:
    if not 1 <= port <= 65535:
        raise StudyError(f"--port is {port}, expected 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise StudyError(
                f"port {port} cannot be used ({error.strerror}); give another with --port"
            ) from error


if __name__ == "__main__":
    sys.exit(run_command(main))
