"""How good is the best configuration after a given time, beside other ways to search the same space?

    python -m benchmarks.search --trials 60 --seeds 5 --out runs/benchmark --plot incumbents.png
    python -m benchmarks.search --methods ours,optuna-median --seeds 10 --out runs/benchmark

- `ours`: `python -m search.run` itself with its workers; it also trains the manual baseline, which costs time;
- `optuna-median`, `optuna-hyperband`: Optuna's TPE with its MedianPruner or HyperbandPruner in one process;
- `random`: random points, none stopped, in one process too: the simplest loop;
- `ray-asha`: Ray Tune's OptunaSearch with ASHA, a trial on each core (`pip install -e '.[bench]'`).

All train with `avq_core.training.loop.fit` on the same data, space, epochs, device and number of trials,
with the same seed for the same trial number, and try the space's default first. No peer may stop a trial
before its first cosine cycle ends. Each search is a process of its own, timed from its start to its end.
Every configuration that was the incumbent at some time is then trained again with fresh seeds on folds, the
same for all methods of a seed: what a user who stopped the search at that time would really have got.

Finished searches are kept in the folder: the same command again resumes, and further seeds or methods are
added to those that are kept.
"""

import argparse
import contextlib
import fcntl
import importlib.metadata
import importlib.util
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import IO, Any

from avq_core.cli import CommandParser
from avq_core.display.numbers import metric_text
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from avq_core.run_command import run_command
from avq_core.training.device import device_name, parse_device
from benchmarks.search.confirmation import confirm
from benchmarks.search.curves import incumbents
from benchmarks.search.methods import METHODS, run_method
from benchmarks.search.plot import draw
from benchmarks.search.results import RESULTS_VERSION, SearchRun, read_run, write_run
from benchmarks.search.summary import REFERENCE, TO, baseline_note, summarise, table, to_plain
from search.cli import read_settings
from search.main_job.plan import Plan, make_plan
from search.quiet import quiet_libraries
from search.workers.slots import available_cores
from studies.identity import Identity, differences


def main(argv: Sequence[str]) -> int:
    """Runs the missing searches and prints the table."""
    options = build_parser().parse_args(argv)
    options.device = str(parse_device(options.device))
    signal.signal(signal.SIGTERM, _interrupt)
    quiet_libraries()
    methods = parse_methods(options.methods, options.device)
    if options.seeds < 1:
        raise ConfigError(f"--seeds is {options.seeds}, expected a number >= 1")
    for path in filter(None, (options.json, options.plot)):
        check_place(path)
    folder: Path = options.out
    folder.mkdir(parents=True, exist_ok=True)
    runs = []
    with _locked(folder) as lock:
        for seed in range(options.seeds):
            plan = _plan(options, seed)
            _check_settings(folder / "settings.json", plan, options.device)
            runs += [_finished(method, plan, options, lock) for method in methods]
            # Large, and quickly made again.
            shutil.rmtree(folder / "folds", ignore_errors=True)
    rows = summarise(runs)
    print(f"\n{table(rows)}")
    if REFERENCE in methods:
        print(TO.format(REFERENCE))
    if note := baseline_note(runs):
        print(note)
    if options.json:
        with whole_file(options.json) as file:
            json.dump(
                {"machine": _machine(options.device), "command": list(argv), **to_plain(runs)}, file
            )
    if options.plot:
        draw(runs, options.plot)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    legend = __doc__ or ""
    parser = CommandParser(
        prog="python -m benchmarks.search",
        description=legend,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", default="demo", help="a file, or demo (default)")
    add("--space", default="extended-small", help="a space's name or file")
    add("--trials", type=int, default=60, help="of each search (default 60)")
    add("--epochs", type=int, help="max. epochs of a trial (default: the space's)")
    add("--seeds", type=int, default=5, help="of each method, from 0 on (default 5)")
    add("--methods", default=",".join(METHODS), help="by comma (default: all)")
    add("--device", default="cpu", help="on which all train: cpu (default), cuda:N or auto")
    add("--out", type=Path, default=Path("runs/benchmark"), help="folder of all results")
    add("--json", type=Path, metavar="FILE", help="writes all results there too")
    add("--plot", type=Path, metavar="FILE.png", help="plots the incumbents over time")
    return parser


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A scheduler's SIGTERM means what Ctrl-C means."""
    raise KeyboardInterrupt


def parse_methods(text: str, device: str) -> list[str]:
    """The methods of `--methods`, once all can run.

    Raises:
        ConfigError: An unknown one, or one that cannot train on the device or is not installed.
    """
    methods = text.split(",")
    for method in methods:
        if method not in METHODS:
            raise ConfigError(f"--methods names {method!r}, expected some of {', '.join(METHODS)}")
    if "ray-asha" in methods and device != "cpu":
        raise ConfigError(
            f"ray-asha trains on the cores, not on {device}; leave it out of --methods, or give "
            "--device cpu"
        )
    if "ray-asha" in methods and importlib.util.find_spec("ray") is None:
        raise ConfigError(
            "ray-asha needs Ray, which is not installed; pip install -e '.[bench]', or leave it out "
            "of --methods"
        )
    return methods


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[IO[str]]:
    """Keeps a second command out of the folder: the two would also slow each other down."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{folder} is in use by another such command, or by a search that a killed command "
                "left running; wait until it ends, or give another --out"
            ) from error
        yield lock


def _plan(options: argparse.Namespace, seed: int) -> Plan:
    """Our own search's plan for a seed; prepares the data if needed."""
    specific = ["--study", "plan", "--runs", str(options.out / "runs"), "--seed", str(seed)]
    say = (lambda _line: None) if seed else _say  # the same for every seed, so printed once
    return make_plan(read_settings([*_arguments(options), *specific]), say=say)


def _arguments(options: argparse.Namespace) -> list[str]:
    """What all searches have in common, as arguments of `python -m search.run`."""
    epochs = [] if options.epochs is None else ["--epochs", str(options.epochs)]
    common = ["--data", options.data, "--space", options.space, "--trials", str(options.trials)]
    return [*common, *epochs, "--devices", options.device]


def _check_settings(path: Path, plan: Plan, device: str) -> None:
    """A folder holds searches of one kind.

    Raises:
        ConfigError: It was started with other data, another space or other settings; says which.
    """
    settings = {
        "epochs": plan.job.epochs,
        "trials": plan.job.trials,
        "device": device,
        "results": RESULTS_VERSION,
    }
    asked = replace(plan.identity, settings=settings)
    if path.exists():
        stored = Identity.from_dict(json.loads(path.read_text(encoding="utf-8")))
        if different := differences(stored, asked):
            raise ConfigError(
                f"{path.parent} holds other searches: {'; '.join(different)}; give another --out"
            )
        return
    with whole_file(path) as file:
        json.dump(asked.to_dict(), file)


def _finished(method: str, plan: Plan, options: argparse.Namespace, lock: IO[str]) -> SearchRun:
    """A search with its confirmed scores; what its file holds already is not run again."""
    seed, folder = plan.job.seed, options.out
    path = folder / "results" / f"{method}-{seed}.json"
    run = read_run(path)
    if run is None:
        run = run_method(method, seed, _arguments(options), runs=folder / "runs", lock=lock)
        write_run(path, run)
    missing = [trial for trial in incumbents(run.trials) if trial.number not in run.confirmed]
    if missing:
        start = time.monotonic()
        for number, scores in confirm(missing, plan, root=folder / "folds"):
            run = replace(run, confirmed={**run.confirmed, number: scores})
            write_run(path, run)
        _say(_line(run, time.monotonic() - start))
    return run


def _line(run: SearchRun, confirming: float) -> str:
    best = incumbents(run.trials)[-1]
    confirmed = metric_text(run.confirmed_score(best.number))
    return (
        f"{run.method}, seed {run.seed}: {len(run.trials)} trials, {run.epochs} epochs, "
        f"{run.seconds:.0f} s, score {best.score:.3f}, confirmed {confirmed} ({confirming:.0f} s)"
    )


def _machine(device: str) -> dict[str, Any]:
    """What the results depend on beside the code."""
    packages = ("optuna", "ray", "torch")
    installed = [name for name in packages if importlib.util.find_spec(name) is not None]
    versions = {name: importlib.metadata.version(name) for name in installed}
    return {
        "cores": available_cores(),
        "device": device_name(device),
        "python": sys.version.split()[0],
        **versions,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
