"""`python -m studies.dashboard`: optuna-dashboard with additional notes, pictures and plots.

The page shows the study's verdict as the note of the study. Each trial that has ended has a note that
says why it ended, with a picture of its learning curves. The first page of a study has additional plots
below those of optuna-dashboard. Notes and plots are stored in the study and pictures in
RUNS/STUDY/artifacts, so plain optuna-dashboard shows them too. A thread writes them while the page is
served. A note that a person wrote or edited is never changed, nor is a study that the search did not
make.

Each study in a runs folder has a database of its own, and optuna-dashboard serves a single one. So
`studies.dashboard.combined` presents all of them as one storage: all studies are in one list and can be
compared. With --storage, the list has all studies of that database.
"""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import sys
import warnings
from collections.abc import Sequence

from avq_core.cli import CommandParser, integer
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command
from studies.cli import add_study_options
from studies.dashboard.server import bind, is_loopback, shown

_HOST = "127.0.0.1"
_LAST_PORT = 65535
_PATIENCE_SECONDS = 5.0
"""How long to wait for the updating thread at the end."""
_WARNING = (
    "warning: --host {host} lets other machines in; optuna-dashboard has no password, and anybody "
    "who reaches it can change and delete studies"
)

_FOREIGN = (
    "{name} was not made by this program: it is shown as it is, without notes and plots of ours"
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("studies.dashboard"),
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
    """Opens the studies and serves the page."""
    options = build_parser().parse_args(argv)
    from studies.dashboard.app import App
    from studies.dashboard.databases import Databases
    from studies.dashboard.keeper import Keeper
    from studies.records.stored import identity_in
    from studies.storage import optuna_internals as internals
    from studies.storage.open import open_study

    # optuna-dashboard warns at each request for a parameter with few trials.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"optuna")
    study = open_study(options.runs, options.study, options.storage)
    name, study_id = study.study_name, internals.study_id(study)
    if identity_in(study.user_attrs) is None:
        _notify(_FOREIGN.format(name=name))
    databases = Databases(options.runs, name, options.storage, notify=_notify)
    keeper = Keeper(databases, notify=_notify, on_picture=_progress)
    app = App(databases, keeper, name, local=is_loopback(options.host))
    with bind(app, options.host, options.port) as server:
        if not is_loopback(options.host):
            _notify(_WARNING.format(host=options.host))
        address = f"http://{shown(options.host)}:{options.port}/dashboard"
        others = len(databases.all()) - 1
        listed = f"; {others} more in the list, {address}" if others else ""
        print(f"{name}: {address}/studies/{study_id}{listed} (Ctrl-C ends)", flush=True)
        keeper.start()
        keeper.catch_up(study_id, seconds=0.0)
        try:
            server.serve_forever()
        finally:
            keeper.stop(seconds=_PATIENCE_SECONDS)
            databases.close()
    return 0


def _notify(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _progress(study: str, done: int, total: int) -> None:
    """Prints how many pictures are drawn: a counting line on a terminal, else one line at the end."""
    if sys.stderr.isatty():
        print(f"\rpictures of {study}: {done} of {total}", end="", file=sys.stderr, flush=True)
        if done == total:
            _notify("")
    elif done == total:
        _notify(f"pictures of {study}: {done} drawn")


if __name__ == "__main__":
    leave(run_command(main))
