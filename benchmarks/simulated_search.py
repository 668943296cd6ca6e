"""Whole searches compared on recorded curves, where each costs a second and not minutes.

    python -m benchmarks.simulated_search --curves learning_curves.npz
    python -m benchmarks.simulated_search --curves learning_curves.npz --methods ours:cycle,ours-20-far:none

A method is SAMPLER:RULE. Samplers: `optuna` is Optuna's TPE as it comes, in one process; `ours` is this
project's, in two; `ours-20` has a model after 20 ended trials, and `ours-20-far` draws all before
at random, none of them near the start. Rules: none, Optuna's median (after 5 complete trials) and
halving-ETA, or one of this project as benchmarks.pruners names it. All begin with the configuration that is best in the
tasks outside the pair, and nobody trains the manual's network. A search's seed and the pair decide what it
meets, so methods are paired. The curves have no clips, so rules that differ in their noise alone are not
to be told apart here (`benchmarks.replay.searches`).
"""

import argparse
import contextlib
import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, TPESampler

from avq_core.cli import CommandParser, run_command
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from benchmarks.replay.curves import Pair, parse_pairs, read_curves, rungs_of
from benchmarks.replay.landscape import Landscape, make_landscape, read_places
from benchmarks.replay.rules import CYCLE_RULE, cycle_rule
from benchmarks.replay.search_table import LEGEND, table
from benchmarks.replay.searches import Method, Search, run_search
from search.pruners.cycle_end import CycleEndPruner
from search.quiet import quiet_libraries
from search.samplers.factory import make_sampler
from space.space import Space
from studies.score import Watch

REFERENCE: Final = "optuna:median"
DEFAULT: Final = (
    REFERENCE,
    "optuna:halving-4",
    "ours-20-far:cycle-0.3-8-0-1-60-9-1-99",
    "ours:cycle",
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.simulated_search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--curves", type=Path, required=True, metavar="FILE", help=".npz with valid_loss, configs")
    add("--pairs", nargs="+", default=["all"], metavar="A,B", help="tasks of the file, or all")
    add(
        "--methods",
        default=",".join(DEFAULT),
        metavar="LIST",
        help="by comma (default: %(default)s)",
    )
    add("--seeds", type=int, default=4, help="searches of each pair (default: %(default)s)")
    add("--trials", type=int, default=100, help="of a search (default: %(default)s)")
    add("--luck", type=float, default=0.1, help="of a trial's seed (default: %(default)s)")
    add(
        "--gain", type=float, default=1.5, metavar="TIMES",
        help="epochs that two processes train while one does one (default: %(default)s)",
    )  # fmt: skip
    add("--workers", type=int, default=2, help="processes of this command (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="writes every search there too")
    return parser


def main(argv: Sequence[str]) -> int:
    """Simulates and prints the table."""
    options = build_parser().parse_args(argv)
    for name, least in (("seeds", 1), ("trials", 2), ("workers", 1), ("luck", 0), ("gain", 0.1)):
        value = getattr(options, name)
        if not least <= value < float("inf"):
            raise ConfigError(f"--{name} is {value}, expected at least {least}")
    methods = list(dict.fromkeys([REFERENCE, *options.methods.split(",")]))
    for method in methods:
        make_method(method, Watch(), first_rung=1, gain=options.gain)
    if options.json is not None:
        check_place(options.json)
    curves = read_curves(options.curves)
    places = read_places(options.curves, curves.figures.shape[1])
    rungs = rungs_of(None, 2, curves.num_epochs)
    pairs = parse_pairs(options.pairs, curves.tasks)
    landscapes = [make_landscape(curves, places, pair, rungs) for pair in pairs]
    jobs = [(number, seed) for seed in range(options.seeds) for number in range(len(pairs))]
    run = partial(
        _run, landscapes, methods, trials=options.trials, luck=options.luck, gain=options.gain
    )
    # Spawned: a fork would copy whatever threads the numeric libraries have started.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context) as pool:
        found = list(pool.map(run, jobs))
    bests = [float(np.nanmax(landscapes[number].trials.final)) for number, _ in jobs]
    told = f"{len(jobs)} searches of {options.trials} trials, {len(pairs)} pairs of tasks"
    print(f"{told}, {curves.num_epochs} epochs, rungs {', '.join(map(str, rungs))}\n")
    print(table(methods, found, bests, reference=REFERENCE))
    print(f"\n{LEGEND.format(REFERENCE)}")
    if options.json is not None:
        _write_json(options, jobs, pairs, found, bests)
    return 0


def make_method(name: str, watch: Watch, *, first_rung: int, gain: float) -> Method:
    """The method of a name.

    Raises:
        ConfigError: There is none.
    """
    sampler, _, rule = name.partition(":")
    kind, *details = sampler.split("-")
    pruner = _pruner(rule, watch, first_rung)
    if sampler == "optuna" and pruner is not None:
        return Method(sampler=_optuna, pruner=pruner, workers=1, speed=1.0)
    startup, far = (details + [None] * 2)[:2]
    sound = len(details) < 3 and far in (None, "far") and (startup is None or startup.isdigit())
    if kind != "ours" or pruner is None or not sound:
        raise ConfigError(
            f"--methods holds {name!r}, expected SAMPLER:RULE, of optuna, ours, ours-STARTUP or "
            f"ours-STARTUP-far, and of none, median, halving-ETA, {CYCLE_RULE}"
        )
    own = partial(_ours, num_startup=int(startup) if startup else None, far=far == "far")
    return Method(sampler=own, pruner=pruner, workers=2, speed=gain / 2)


def _pruner(rule: str, watch: Watch, first_rung: int) -> Callable[[], BasePruner] | None:
    kind, _, detail = rule.partition("-")
    if kind == "cycle":
        with contextlib.suppress(ValueError):
            return partial(CycleEndPruner, cycle_rule(rule), watch)
    if kind == "halving" and detail.isdigit() and int(detail) > 1:
        return partial(
            SuccessiveHalvingPruner, min_resource=first_rung, reduction_factor=int(detail)
        )
    fixed: dict[str, Callable[[], BasePruner]] = {"none": NopPruner, "median": MedianPruner}
    return fixed.get(rule)


def _optuna(_space: Space, seed: int, number: int) -> BaseSampler:
    return TPESampler(seed=1_000 * seed + number)


def _ours(
    space: Space, seed: int, number: int, *, num_startup: int | None, far: bool
) -> BaseSampler:
    if far:
        space = replace(space, start={})
    return make_sampler("tpe", space, seed=seed, number=number, num_startup=num_startup)


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
    watch, first = landscape.trials.watch, landscape.trials.rungs[0][0]
    return {
        name: run_search(
            landscape,
            make_method(name, watch, first_rung=first, gain=gain),
            trials=trials,
            luck=luck,
            seed=seed,
        )
        for name in methods
    }


def _write_json(
    options: argparse.Namespace,
    jobs: Sequence[tuple[int, int]],
    pairs: Sequence[Pair],
    found: Sequence[dict[str, Search]],
    bests: Sequence[float],
) -> None:
    settings: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
    }
    searches = [
        {
            "pair": list(pairs[number]),
            "seed": seed,
            "best": best,
            "methods": {name: asdict(search) for name, search in by_method.items()},
        }
        for (number, seed), by_method, best in zip(jobs, found, bests, strict=True)
    ]
    with whole_file(options.json) as file:
        json.dump({"settings": settings, "searches": searches}, file, indent=1, allow_nan=False)


if __name__ == "__main__":
    sys.exit(run_command(main))
