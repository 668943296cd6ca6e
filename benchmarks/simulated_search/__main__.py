"""How fast does a method find good configurations? Whole searches, simulated on recorded curves.

    python -m benchmarks.simulated_search --curves learning_curves.npz
    python -m benchmarks.simulated_search --curves learning_curves.npz --methods ours/cycle ours:num_startup=20/none

A search of seconds stands for one of hours: the sampler proposes, and the nearest recorded configuration
answers with its curves. A method is SAMPLER/RULE, each a name or NAME:key=value,key=value. All begin with the
configuration that is best in the tasks outside the pair, and there is no manual baseline. The pair of tasks
and the search's seed fix a configuration's luck, so methods are paired. The curves have no clips, so rules
that differ in their noise alone cannot be compared here (see `benchmarks.simulated_search.simulation`).
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from avq_core.cli import CommandParser
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from avq_core.run_command import run_command
from benchmarks.pruners.curves import Pair, parse_pairs, read_curves, rungs_of
from benchmarks.settings_text import describe
from benchmarks.simulated_search.landscape import Landscape, make_landscape, read_places
from benchmarks.simulated_search.methods import RULES, SAMPLERS, make_method
from benchmarks.simulated_search.simulation import Search, run_search
from benchmarks.simulated_search.table import LEGEND, table
from search.quiet import quiet_libraries
from studies.score import Watch

REFERENCE: Final = "optuna/median:warmup=0"
DEFAULT: Final = (
    REFERENCE,
    "optuna/halving",
    "ours:num_startup=20,prior=false/cycle",
    "ours/cycle",
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.simulated_search",
        description=__doc__,
        epilog=f"samplers:\n{describe(SAMPLERS)}\nrules:\n{describe(RULES)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--curves", type=Path, required=True, metavar="FILE", help=".npz with valid_loss, configs")
    add("--pairs", nargs="+", default=["all"], metavar="A,B", help="tasks of the file, or all")
    add(
        "--methods", nargs="+", default=list(DEFAULT), metavar="SAMPLER/RULE",
        help="default: %(default)s",
    )  # fmt: skip
    add("--seeds", type=int, default=4, help="searches of each pair (default: %(default)s)")
    add("--trials", type=int, default=100, help="of a search (default: %(default)s)")
    add(
        "--luck", type=float, default=0.1,
        help="standard deviation of a trial's seed noise; 1 is the distance from the median to the best "
        "score (default: %(default)s)",
    )  # fmt: skip
    add(
        "--gain", type=float, default=1.5, metavar="TIMES",
        help="epochs that two processes train while one trains one (default: %(default)s)",
    )  # fmt: skip
    add("--workers", type=int, default=2, help="processes of this command (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="writes every search there too")
    return parser


def main(argv: Sequence[str]) -> int:
    """Simulates and prints the table."""
    options = build_parser().parse_args(argv)
    methods = _check(options)
    curves = read_curves(options.curves)
    places = read_places(options.curves, curves.metrics.shape[1])
    rungs = rungs_of(None, 2, curves.num_epochs)
    pairs = parse_pairs(options.pairs, curves.tasks)
    landscapes = [make_landscape(curves, places, pair, rungs) for pair in pairs]
    jobs = [(number, seed) for seed in range(options.seeds) for number in range(len(pairs))]
    searches = _run_all(landscapes, methods, jobs, options)
    bests = [float(np.nanmax(landscapes[number].trials.final)) for number, _ in jobs]
    count = f"{len(jobs)} searches of {options.trials} trials, {len(pairs)} pairs of tasks"
    print(f"{count}, {curves.num_epochs} epochs, rungs {', '.join(map(str, rungs))}\n")
    print(table(methods, searches, bests, reference=REFERENCE))
    print(f"\n{LEGEND.format(REFERENCE)}")
    if options.json is not None:
        _write_json(options, jobs, pairs, searches, bests)
    return 0


def _check(options: argparse.Namespace) -> list[str]:
    """The methods, the reference first, once all options are known to be sound.

    Raises:
        ConfigError: A number out of range, an unknown method or a file that cannot be written.
    """
    for name, minimum in (("seeds", 1), ("trials", 2), ("workers", 1), ("luck", 0), ("gain", 0.1)):
        value = getattr(options, name)
        if not minimum <= value < float("inf"):
            raise ConfigError(f"--{name} is {value}, expected at least {minimum}")
    methods = list(dict.fromkeys([REFERENCE, *options.methods]))
    for method in methods:
        make_method(method, Watch(), first_rung=1, gain=options.gain)
    if options.json is not None:
        check_place(options.json)
    return methods


def _run_all(
    landscapes: Sequence[Landscape],
    methods: Sequence[str],
    jobs: Sequence[tuple[int, int]],
    options: argparse.Namespace,
) -> list[dict[str, Search]]:
    """Every job by every method; a job is a landscape's number and a seed."""
    run = partial(
        _run, landscapes, methods, trials=options.trials, luck=options.luck, gain=options.gain
    )
    if options.workers == 1:
        return list(map(run, jobs))
    # Spawned: a fork would copy whatever threads the numeric libraries have started.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context) as pool:
        return list(pool.map(run, jobs))


def _run(
    landscapes: Sequence[Landscape],
    methods: Sequence[str],
    job: tuple[int, int],
    *,
    trials: int,
    luck: float,
    gain: float,
) -> dict[str, Search]:
    quiet_libraries()
    number, seed = job
    landscape = landscapes[number]
    watch, first_rung = landscape.trials.watch, landscape.trials.rungs[0][0]
    made = {name: make_method(name, watch, first_rung=first_rung, gain=gain) for name in methods}
    return {
        name: run_search(landscape, method, trials=trials, luck=luck, seed=seed)
        for name, method in made.items()
    }


def _write_json(
    options: argparse.Namespace,
    jobs: Sequence[tuple[int, int]],
    pairs: Sequence[Pair],
    searches: Sequence[dict[str, Search]],
    bests: Sequence[float],
) -> None:
    settings: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
    }
    rows = [
        {
            "pair": list(pairs[number]),
            "seed": seed,
            "best": best,
            "methods": {name: asdict(search) for name, search in by_method.items()},
        }
        for (number, seed), by_method, best in zip(jobs, searches, bests, strict=True)
    ]
    with whole_file(options.json) as file:
        json.dump({"settings": settings, "searches": rows}, file, indent=1, allow_nan=False)


if __name__ == "__main__":
    sys.exit(run_command(main))
