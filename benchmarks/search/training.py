"""The training that all peers share: the same configuration and scores for the same values."""

import contextlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from avq_core.config.presets import manual
from avq_core.config.training import TrainConfig
from avq_core.data.store.store import open_store
from avq_core.errors import NonFiniteLossError
from avq_core.training.loop import EpochRecord, fit
from avq_core.training.resident import ResidentSplits, splits_to_device
from search.configure import configure
from search.job import Job
from search.seeds import Stream, derive_seed


def load_splits(store: Path, device: torch.device) -> ResidentSplits:
    """Train and val of a prepared store, on a device."""
    return splits_to_device(open_store(store).search_splits(), device)


def trial_config(
    job: Job, values: Mapping[str, Any], *, number: int, tasks: tuple[str, ...]
) -> TrainConfig:
    """The configuration that our own search trains for these values as this trial."""
    seed = derive_seed(job.seed, Stream.TRIAL, number)
    return configure(job.space, values, tasks=tasks, epochs=job.epochs, seed=seed)


def train(
    config: TrainConfig, splits: ResidentSplits, job: Job, *, report: Callable[[int, float], None]
) -> bool:
    """Trains a configuration and reports the score of every epoch.

    Args:
        config: As `trial_config` gives it.
        splits: As `load_splits` gives them.
        job: Defines the score.
        report: Takes the epoch, counted from 1, and its score; an exception from it ends the run.

    Returns:
        Whether it reached its last epoch; False where it diverged.
    """
    reported = 0

    def on_epoch(record: EpochRecord) -> bool:
        nonlocal reported
        score = job.watch.score(job.watch.pick(record.r2))
        if not math.isfinite(score):
            return True
        report(record.epoch, score)
        reported += 1
        return False

    with contextlib.suppress(NonFiniteLossError):  # the caller sees it from the missing epochs
        fit(config, splits, on_epoch=on_epoch)
    return reported == config.training.epochs


def first_cycle(job: Job) -> int:
    """Epochs of the first cosine cycle, before whose end no pruner can tell trials apart."""
    length = job.space.fixed.get("optim.cycle_epochs", manual().optim.cycle_epochs)
    assert isinstance(length, int), "a space is checked when it is made"
    return min(length, job.epochs)
