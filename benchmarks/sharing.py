"""How many workers should share a device? The same trainings by one worker, by two, by four, ...

    python -m benchmarks.sharing --device cuda:0 --workers 1,2,4,8 --data demo --space extended
    python -m benchmarks.sharing --device cpu --workers 1,2

Random configurations of the space are trained for some epochs each, in the search's own worker processes with
their share of cores and of the GPU's memory. Processes are started and the data is loaded before the clock
runs, and each configuration is trained for an epoch before the first count, since a driver loads its kernels
from disk at their first use. Each count of workers has its turn in every repeat; the table has the median
seconds, and the median speed-up over the first count in the same repeat.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import optuna

from avq_core.cli import CommandParser
from avq_core.config.values import load_data_config, with_values
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.files import check_place, whole_file
from avq_core.run_command import run_command
from search.configure import check_space, configure
from search.quiet import quiet_libraries
from search.seeds import Stream, derive_seed
from search.suggest import suggest
from search.workers.pool import Task, TaskPool
from search.workers.slots import device_names, make_slots
from space.presets import named_space
from space.space import Space
from studies.names import PREPARED


def main(argv: Sequence[str]) -> int:
    """Times every count of workers and prints the table."""
    options = build_parser().parse_args(argv)
    quiet_libraries()
    if options.json:
        check_place(options.json)
    counts = [_count(word) for word in options.workers.split(",")]
    for name in ("trials", "epochs", "repeats"):
        if getattr(options, name) < 1:
            raise ConfigError(f"--{name} is {getattr(options, name)}, expected a number >= 1")
    store = prepare(
        options.data, load_data_config(None), root=options.runs / PREPARED, on_note=_say
    )
    space = named_space(options.space, store.schema.tasks)
    check_space(space, tasks=store.schema.tasks, epochs=max(options.epochs, space.epochs))
    tasks = random_tasks(space, store, num=options.trials, epochs=options.epochs)
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    time_tasks([_shortened(task, 1) for task in tasks], workers=counts[0], device=options.device)
    for repeat in range(options.repeats):
        for count in counts:
            seconds[count].append(time_tasks(tasks, workers=count, device=options.device))
            _say(f"repeat {repeat + 1}, {count} worker(s): {seconds[count][-1]:.1f} s")
    print(table(seconds, epochs=options.epochs * options.trials))
    if options.json:
        with whole_file(options.json) as file:
            json.dump({"command": list(argv), "seconds": seconds}, file)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.sharing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--device", default="auto", help="cpu or cuda:N (default: auto)")
    add("--workers", default="1,2,4", help="counts, separated by commas (default 1,2,4)")
    add("--data", default="demo", help="a file, or demo (default)")
    add("--space", default="extended", help="a space's name or file (default extended)")
    add("--trials", type=int, default=32, help="configurations (default 32)")
    add("--epochs", type=int, default=10, help="of each (default 10)")
    add("--repeats", type=int, default=1, help="of the whole (default 1)")
    add("--runs", type=Path, default=Path("runs"), help="where prepared data lies")
    add("--json", type=Path, metavar="FILE", help="writes the seconds there too")
    return parser


def _count(word: str) -> int:
    if not word.isdecimal() or not int(word):
        raise ConfigError(f"--workers names {word!r}, expected numbers >= 1, such as 1,2,4")
    return int(word)


def random_tasks(space: Space, store: PreparedStore, *, num: int, epochs: int) -> list[Task[str]]:
    """Trainings of random points; the same for the same arguments."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    tasks = []
    for number in range(num):
        values = suggest(study.ask(), space)
        config = configure(
            space,
            values,
            tasks=store.schema.tasks,
            epochs=max(epochs, space.epochs),
            seed=derive_seed(0, Stream.TRIAL, number),
        )
        task = Task(key=str(number), config=config, store=store.path)
        tasks.append(_shortened(task, epochs))
    return tasks


def _shortened(task: Task[str], epochs: int) -> Task[str]:
    return replace(task, config=with_values(task.config, {"training.epochs": epochs}))


def time_tasks(tasks: Sequence[Task[str]], *, workers: int, device: str) -> float:
    """Seconds that so many workers of one device take for all tasks, once they are started."""
    slots = make_slots(workers=workers, devices=device_names([device]))
    warm_up = [
        replace(_shortened(tasks[0], 2), key=f"warm-up {number}") for number in range(workers)
    ]
    with TaskPool(slots) as pool:
        pool.start()
        for _ in pool.run(warm_up):
            pass
        start = time.monotonic()
        for _ in pool.run(tasks):
            pass
        return time.monotonic() - start


def table(seconds: dict[int, list[float]], *, epochs: int) -> str:
    """Median seconds, epochs a second and speed-up over the first count of workers."""
    first = next(iter(seconds.values()))
    rows = [
        (
            str(count),
            f"{median(times):.1f}",
            f"{epochs / median(times):.2f}",
            f"{median(a / b for a, b in zip(first, times, strict=True)):.2f}",
        )
        for count, times in seconds.items()
    ]
    return text_table([("workers", "seconds", "epochs/s", "speed-up"), *rows])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
