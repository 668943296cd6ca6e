"""`python -m studies.dashboard`: optuna-dashboard on a study, with notes, pictures and plots of ours.

Beside what optuna-dashboard shows by itself, the page has the study's verdict as its note; of each
trial that has ended a note that says why, with a picture of its learning curves; and our plots, on a
study's first page below optuna-dashboard's own. They are kept in the study, and pictures in
RUNS/STUDY/artifacts, so that plain optuna-dashboard shows them too. A thread writes and draws them
while the page is served. A note that a person wrote or edited is left as it is; a study that the
search did not make is left alone.

The studies of a runs folder lie in a database each, and optuna-dashboard takes one. They are put
together here (`studies.dashboard.combined`), so that its list has them all, at one address and port, and
any can be compared with any. With --storage, all studies of that database are in the list.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence

from avq_core.cli import CommandParser, integer, leave, run_command
from studies.cli import add_study_options
from studies.dashboard.server import bind, is_loopback, shown

_HOST = "127.0.0.1"
_LAST_PORT = 65535
_PATIENCE_SECONDS = 5.0
"""For the thread that writes and draws, at the end."""
_WARNING = (
    "warning: --host {host} lets other machines in; optuna-dashboard has no password, and anybody "
    "who reaches it can change and delete studies"
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.dashboard",
        description="Serves optuna-dashboard for a study and all others beside it, with notes, "
        "learning curves and plots of each, until Ctrl-C.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--host",
        default=_HOST,
        metavar="ADDRESS",
        help=f"default {_HOST}, which no other machine reaches; there is no password",
    )
    parser.add_argument(
        "--port", type=integer(1, _LAST_PORT), default=8080, metavar="N", help="default 8080"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Opens the studies and serves them."""
    options = build_parser().parse_args(argv)
    from studies.dashboard.app import App
    from studies.dashboard.databases import Databases
    from studies.dashboard.keeper import Keeper
    from studies.storage import optuna_internals as internals
    from studies.storage.open import open_study

    # Of settings with few trials, at each look at the page: the page's words, not ours.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"optuna")
    study = open_study(options.runs, options.study, options.storage)
    name, study_id = study.study_name, internals.study_id(study)
    databases = Databases(options.runs, name, options.storage, tell=_tell)
    keeper = Keeper(databases, tell=_tell, on_picture=_progress)
    app = App(databases, keeper, name, local=is_loopback(options.host))
    with bind(app, options.host, options.port) as server:
        if not is_loopback(options.host):
            _tell(_WARNING.format(host=options.host))
        address = f"http://{shown(options.host)}:{options.port}/dashboard"
        others = len(databases.all()) - 1
        told = f"; {others} more in the list, {address}" if others else ""
        print(f"{name}: {address}/studies/{study_id}{told} (Ctrl-C ends)", flush=True)
        keeper.start()
        keeper.catch_up(study_id, seconds=0.0)
        try:
            server.serve_forever()
        finally:
            keeper.stop(seconds=_PATIENCE_SECONDS)
            databases.close()
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _progress(study: str, done: int, total: int) -> None:
    """How far the pictures are: a line that counts on a terminal, else one line at the end."""
    if sys.stderr.isatty():
        print(f"\rpictures of {study}: {done} of {total}", end="", file=sys.stderr, flush=True)
        if done == total:
            _tell("")
    elif done == total:
        _tell(f"pictures of {study}: {done} drawn")


if __name__ == "__main__":
    leave(run_command(main))
