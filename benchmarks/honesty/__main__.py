"""Are intervals and confirmed scores right, and is the right candidate chosen? Simulated studies.

    python -m benchmarks.honesty --studies 500 --json honesty.json

- `coverage`: how often the 95 % intervals of test R², of its difference and of the correlations contain the
  truth, in simulated studies of 410 test clips, 28 % of the labels missing, five runs of each model.
- `curse`: 200 configurations that are all equally good. How far the search score of the winner, its confirmed
  score and its test score are from the truth, on average.
- `choice`: three candidates of different merit. How good the chosen one is, how many runs it took, and how far
  its confirmed score is from its true one, by the rule in use and by simpler ones; four times as many studies.

The clips, the models' errors and the seeds' noise are simulated; intervals, race and choice are the code that
a real study runs (avq_core.evaluation.intervals, search.confirmation.race and choice).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from avq_core.cli import CommandParser
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from avq_core.run_command import run_command
from benchmarks.honesty.choice import FIELDS, choosing
from benchmarks.honesty.coverage import coverage
from benchmarks.honesty.tables import choice_table, coverage_table, curse_table
from benchmarks.honesty.winners_curse import winners_curse
from benchmarks.honesty.world import WORLDS

TABLES: Final = ("coverage", "curse", "choice")
_CHOICES_FOR_EACH_STUDY: Final = 4
"""A simulated choice takes milliseconds."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.honesty",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--studies", type=int, default=500, help="simulated (default 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--tables", nargs="+", choices=TABLES, default=TABLES, help="which to make (default all)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all numbers there too")
    return parser


def main(argv: Sequence[str]) -> int:
    """Simulates and prints the tables."""
    options = build_parser().parse_args(argv)
    if options.studies < 2:
        raise ConfigError(f"--studies is {options.studies}, expected a number >= 2")
    if options.json:
        check_place(options.json)
    makers = {"coverage": _coverage, "curse": _curse, "choice": _choice}
    content = {"studies": options.studies}
    for name in options.tables:
        content[name] = makers[name](options.studies, options.seed)
    if options.json:
        with whole_file(options.json) as file:
            json.dump(content, file)
    return 0


def _coverage(studies: int, seed: int) -> list[dict[str, object]]:
    rows = []
    for world in WORLDS:
        _say(f"intervals, {world.name}")
        rows += coverage(world, studies, seed)
    print(coverage_table(rows))
    share = float(np.mean([row.held for row in rows]))
    print(f"all: {share:.1%} of {len(rows) * studies} intervals\n")
    return [asdict(row) for row in rows]


def _curse(studies: int, seed: int) -> list[dict[str, object]]:
    rows = []
    for lasting in (0.0, 0.5, 1.0):
        _say(f"equal configurations, {lasting:.0%} lasting")
        rows.append(winners_curse(WORLDS[1], lasting, studies, seed))
    print(curse_table(rows) + "\n")
    return [asdict(row) for row in rows]


def _choice(studies: int, seed: int) -> list[dict[str, object]]:
    rows = []
    for field in FIELDS:
        _say(f"candidates whose true scores deviate by {field.merit}, seeds by {field.seed}")
        rows += choosing(field, _CHOICES_FOR_EACH_STUDY * studies, seed)
    print(choice_table(rows))
    return [asdict(row) for row in rows]


def _say(name: str) -> None:
    print(f"simulating: {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
