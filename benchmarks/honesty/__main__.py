"""Are the intervals right, and is the confirmed score free of the winner's curse? Simulated studies.

    python -m benchmarks.honesty --studies 500 --json honesty.json

- Coverage: how often the 95 % intervals of test R², of its difference and of the correlations contain the
  truth, in simulated studies of 410 test clips, 28 % of the labels missing, five runs of each model.
- The winner's curse: 200 configurations that are all equally good. How far the search score of the winner,
  its confirmed score and its test score are from the truth, on average.

The clips, the models' errors and the seeds' noise are simulated; intervals, race and choice are the code that
a real study runs (avq_core.evaluation.intervals, search.confirmation.race).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from avq_core.cli import CommandParser, run_command
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from benchmarks.honesty.coverage import Coverage, coverage
from benchmarks.honesty.winners_curse import WinnersCurse, winners_curse
from benchmarks.honesty.world import WORLDS


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.honesty",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--studies", type=int, default=500, help="simulated (default 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all numbers there too")
    return parser


def main(argv: Sequence[str]) -> int:
    """Simulates and prints both tables."""
    options = build_parser().parse_args(argv)
    if options.studies < 2:
        raise ConfigError(f"--studies is {options.studies}, expected a number >= 2")
    if options.json:
        check_place(options.json)
    covered = []
    for world in WORLDS:
        _say(f"intervals, {world.name}")
        covered += coverage(world, options.studies, options.seed)
    print(coverage_table(covered))
    share = float(np.mean([row.held for row in covered]))
    print(f"all: {share:.1%} of {len(covered) * options.studies} intervals\n")
    curses = []
    for lasting in (0.0, 0.5, 1.0):
        _say(f"equal configurations, {lasting:.0%} lasting")
        curses.append(winners_curse(WORLDS[1], lasting, options.studies, options.seed))
    print(curse_table(curses))
    if options.json:
        content = {
            "studies": options.studies,
            "coverage": [asdict(row) for row in covered],
            "curse": [asdict(row) for row in curses],
        }
        with whole_file(options.json) as file:
            json.dump(content, file)
    return 0


def coverage_table(rows: Sequence[Coverage]) -> str:
    """A row for each metric of each world."""
    head = ["world", "metric", "truth", "mean", "95 % interval contains it"]
    cells = [[c.world, c.metric, f"{c.truth:.3f}", f"{c.mean:.3f}", f"{c.held:.1%}"] for c in rows]
    return text_table([head, *cells], num_left=2)


def curse_table(rows: Sequence[WinnersCurse]) -> str:
    """Means with twice their standard errors."""
    head = ["lasting part", "search - truth", "confirmed - truth", "test - truth"]
    cells = [[row.shared, *map(_gap, (row.search, row.confirmed, row.test))] for row in rows]
    return text_table([head, *cells])


def _gap(mean_and_error: tuple[float, float]) -> str:
    mean, error = mean_and_error
    return f"{mean:+.4f} ± {2 * error:.4f}"


def _say(name: str) -> None:
    print(f"simulating: {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
