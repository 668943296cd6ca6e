"""What writing a trial down costs: the search's own way beside a report and two attributes an epoch.

    python -m benchmarks.storage_traffic --epochs 20 --rounds 15

Both write to one SQLite file, in turns, so that a slow moment of the machine meets both. `own` is the
search's `TrialLog` with pruning decisions; `plain` reports every epoch and sets two attributes with it.
Milliseconds a trial: median, and lowest to highest.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import optuna

from avq_core.config.training import OptimConfig
from avq_core.data.schema import Schema, Stream
from avq_core.training.loop import EpochRecord
from avq_core.training.schedule import judged_epochs
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from search.quiet import quiet_libraries
from search.trial_log import TrialLog
from studies import records
from studies.score import Watch
from studies.storage.open import make_schema, open_storage

_CLIPS = 200
_SCHEMA = Schema(
    streams=(Stream(name="audio", dim=1, temporal=True),),
    num_frames=1,
    tasks=("lip_sync", "expression", "audio_quality", "cross_modal", "overall"),
)


def epochs_of(count: int, rng: np.random.Generator) -> list[EpochRecord]:
    """The records of a made-up run."""
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


def own(study: optuna.Study, epochs: list[EpochRecord], targets: np.ndarray) -> float:
    """Milliseconds of a trial written down by `TrialLog`."""
    trial = study.ask()
    start = time.perf_counter()
    trial.set_user_attr(records.PLANNED, len(epochs) + 1)
    groups = tuple(f"speaker {n // 4}" for n in range(_CLIPS))
    log = TrialLog(trial, Watch(), schema=_SCHEMA, targets=targets, groups=groups, audited=True)
    for epoch in epochs:
        log.on_epoch(epoch)
    taken = time.perf_counter() - start
    study.tell(trial, log.best_score)
    return 1e3 * taken


def plain(study: optuna.Study, epochs: list[EpochRecord]) -> float:
    """Milliseconds of a trial that reports and sets two attributes every epoch."""
    trial = study.ask()
    start = time.perf_counter()
    for epoch in epochs:
        trial.report(epoch.r2["overall"], epoch.epoch)
        trial.set_user_attr(f"r2_{epoch.epoch}", epoch.r2)
        trial.set_user_attr("epochs", epoch.epoch)
    taken = time.perf_counter() - start
    study.tell(trial, epochs[-1].r2["overall"])
    return 1e3 * taken


def main() -> int:
    """Prints a row each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    quiet_libraries()
    rng = np.random.default_rng(0)
    targets = rng.random((_CLIPS, len(_SCHEMA.tasks))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'study.db'}"
        make_schema(url)
        study = optuna.create_study(
            storage=open_storage(url),
            direction="maximize",
            pruner=CycleEndPruner(PruningRule(), Watch()),
        )
        taken: dict[str, list[float]] = {"own": [], "plain": []}
        for _ in range(options.rounds + 1):
            taken["own"].append(own(study, epochs_of(options.epochs, rng), targets))
            taken["plain"].append(plain(study, epochs_of(options.epochs, rng)))
    for name, all_of_them in taken.items():
        times = all_of_them[1:]  # the first one warms the caches
        middle = statistics.median(times)
        print(f"{name:<8}{middle:7.1f} ms a trial ({min(times):.1f} to {max(times):.1f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
