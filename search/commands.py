"""`avq-search COMMAND`: every command under one name, as the installed script starts them."""

import argparse
import runpy
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from avq_core.cli import CommandParser
from avq_core.invocation import SCRIPT
from avq_core.run_command import leave, run_command


class Command(NamedTuple):
    """A command of the script."""

    module: str
    """Run as `python -m` would; the last part of its name is the command's."""
    does: str
    """One sentence for the list of commands."""

    @property
    def name(self) -> str:
        """What the user types after the script's name."""
        return self.module.rpartition(".")[2]


COMMANDS: Final = (
    Command("search.run", "Searches, confirms the best trials, writes the best configuration."),
    Command("studies.show", "Shows what a study holds, or compares two studies."),
    Command("studies.export", "Writes a trial's full training configuration."),
    Command("studies.report", "Writes a study as one HTML page, or as Markdown."),
    Command("studies.dashboard", "Serves optuna-dashboard with notes, curves and plots."),
    Command("studies.migrate", "Copies a study's trials into a new study of another space."),
    Command("avq_core.audit", "Reports what is in a data file, and what is wrong with it."),
    Command("avq_core.prepare", "Preprocesses a data set; other commands do it by themselves."),
    Command("avq_core.train", "Trains a configuration and reports it on the test split."),
    Command("avq_core.predict", "Scores new clips with a trained model."),
    Command("avq_core.explain", "Tells which streams a trained model depends on."),
    Command("avq_core.baselines", "Fits simple models, which a network has to beat."),
    Command("avq_core.demo", "Writes the built-in demo set to a file."),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the first argument."""
    width = max(len(command.name) for command in COMMANDS)
    listed = "\n".join(f"  {command.name:<{width}}  {command.does}" for command in COMMANDS)
    parser = CommandParser(
        prog=SCRIPT,
        usage=f"{SCRIPT} COMMAND [OPTIONS]",
        description="Hyperparameter search for multi-task multimodal transformers.",
        epilog=f"commands:\n{listed}\n\n`{SCRIPT} COMMAND --help` lists a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command",
        metavar="COMMAND",
        choices=[command.name for command in COMMANDS],
        help=argparse.SUPPRESS,
    )
    return parser


def run() -> None:
    """Runs the command that is named first, with the arguments after it."""
    named: list[str] = []

    def parse(argv: Sequence[str]) -> int:
        named.append(build_parser().parse_args(argv[:1]).command)
        return 0

    status = run_command(parse)
    if not named:
        leave(status)
    (module,) = [command.module for command in COMMANDS if command.name == named[0]]
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__")
