"""How long does it take to store a trial, beside the plainest use of Optuna?

    python -m benchmarks.storage_traffic --epochs 20 --rounds 15

`ours` is the search's `TrialLog` with its pruning decisions; `plain` reports every epoch and sets two
attributes with it. Both write to one SQLite file, in turns, so that a slow moment of the machine affects
both. Milliseconds a trial: median, lowest and highest.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import optuna

from avq_core.cli import CommandParser
from avq_core.config.optim import OptimConfig
from avq_core.data.schema import Schema, Stream
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.run_command import run_command
from avq_core.training.loop import EpochRecord
from avq_core.training.schedule import judged_epochs
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from search.quiet import quiet_libraries
from search.trial_log import TrialLog
from studies.records import attributes
from studies.score import Watch
from studies.storage.open import make_schema, open_storage

_CLIPS = 200
_SCHEMA = Schema(
    streams=(Stream(name="audio", dim=1, temporal=True),),
    num_frames=1,
    tasks=("lip_sync", "expression", "audio_quality", "cross_modal", "overall"),
)


def epochs_of(count: int, rng: np.random.Generator) -> list[EpochRecord]:
    """The records of a synthetic run."""
    judged = set(judged_epochs(OptimConfig(cycle_epochs=2), count))
    return [
        EpochRecord(
            epoch=epoch,
            train_loss=1.0 / epoch,
            lr=1e-3,
            r2={task: float(rng.random()) for task in _SCHEMA.tasks},
            judged=epoch in judged,
            val_scores=rng.random((_CLIPS, len(_SCHEMA.tasks))).astype(np.float32),
            seconds=1.0,
        )
        for epoch in range(1, count + 1)
    ]


def store_as_here(
    study: optuna.Study, epochs: list[EpochRecord], targets: npt.NDArray[np.float32]
) -> float:
    """Milliseconds of a trial stored by `TrialLog`."""
    trial = study.ask()
    start = time.perf_counter()
    trial.set_user_attr(attributes.PLANNED, len(epochs) + 1)
    groups = tuple(f"speaker {n // 4}" for n in range(_CLIPS))
    log = TrialLog(trial, Watch(), schema=_SCHEMA, targets=targets, groups=groups, spared=True)
    for epoch in epochs:
        log.on_epoch(epoch)
    seconds = time.perf_counter() - start
    study.tell(trial, log.best_score)
    return 1e3 * seconds


def store_plainly(study: optuna.Study, epochs: list[EpochRecord]) -> float:
    """Milliseconds of a trial that reports and sets two attributes every epoch."""
    trial = study.ask()
    start = time.perf_counter()
    for epoch in epochs:
        trial.report(epoch.r2["overall"], epoch.epoch)
        trial.set_user_attr(f"r2_{epoch.epoch}", epoch.r2)
        trial.set_user_attr("epochs", epoch.epoch)
    seconds = time.perf_counter() - start
    study.tell(trial, epochs[-1].r2["overall"])
    return 1e3 * seconds


def measure(num_epochs: int, rounds: int, url: str) -> dict[str, list[float]]:
    """Milliseconds of each trial by each way, without a first round that warms the caches."""
    rng = np.random.default_rng(0)
    targets = rng.random((_CLIPS, len(_SCHEMA.tasks))).astype(np.float32)
    make_schema(url)
    pruner = CycleEndPruner(PruningRule(), Watch())
    study = optuna.create_study(storage=open_storage(url), direction="maximize", pruner=pruner)
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(rounds + 1):
        times["ours"].append(store_as_here(study, epochs_of(num_epochs, rng), targets))
        times["plain"].append(store_plainly(study, epochs_of(num_epochs, rng)))
    return {way: milliseconds[1:] for way, milliseconds in times.items()}


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.storage_traffic",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--epochs", type=int, default=20, help="of a trial (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="trials each (default %(default)s)")
    return parser


def main(argv: Sequence[str]) -> int:
    """Prints a row each way."""
    options = build_parser().parse_args(argv)
    for name in ("epochs", "rounds"):
        if getattr(options, name) < 1:
            raise ConfigError(f"--{name} is {getattr(options, name)}, expected a number >= 1")
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(options.epochs, options.rounds, f"sqlite:///{Path(folder) / 'study.db'}")
    rows = [["ms a trial", "median", "lowest", "highest"]]
    rows += [
        [way, *(f"{value:.1f}" for value in (statistics.median(ms), min(ms), max(ms)))]
        for way, ms in times.items()
    ]
    print(text_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
