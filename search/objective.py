"""The objective: suggest, configure, fit, report, return.

It holds the train and the val split of the study's data. There is no way from here to test.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError

from avq_core.config import TrainConfig
from avq_core.config_values import to_dict
from avq_core.data_config import DataConfig
from avq_core.errors import NonFiniteLossError, OutOfDeviceMemoryError
from avq_core.training.loop import EpochRecord, fit
from avq_core.training.metrics import num_labels
from avq_core.training.resident import ResidentSplits
from search.configure import baseline_config, configure, derive_seed
from search.handback import InterruptedTrial
from search.pruner import decide
from search.score import Watch
from search.suggest import point_of, suggest
from space.space import Space
from studies import records


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """Trains one trial's configuration and returns the score of its best judged epoch."""

    splits: ResidentSplits
    space: Space
    data: DataConfig
    """What the splits were prepared with, for the record."""
    watch: Watch
    epochs: int
    """At most, for each trial."""
    seed: int
    """The study's; each trial's follows from it and from the trial's number."""
    worker: str
    """Who runs this, for the record."""
    on_step: Callable[[], None]
    """Called before each micro-batch; raises to hand the trial back."""

    def __call__(self, trial: optuna.Trial) -> float:
        """Runs a trial.

        Returns:
            The highest score of a judged epoch; the trial's `figures` say which.

        Raises:
            optuna.TrialPruned: Behind at a rung, diverged, or too large for the device; the
                trial's `reason` says which.
        """
        config = dataclasses.replace(self._configuration(trial), data=self.data)
        trial.set_user_attr(records.CONFIG, to_dict(config))
        trial.set_user_attr(records.PLANNED, config.training.epochs)
        trial.set_user_attr(records.WORKER, self.worker)
        log = _TrialLog(trial, self.watch, self._num_labels())
        try:
            fit(config, self.splits, on_epoch=log.on_epoch, on_step=self.on_step)
        except NonFiniteLossError as error:
            log.store()
            raise _pruned(trial, f"diverged: {error}") from error
        except OutOfDeviceMemoryError as error:
            log.store()
            raise _pruned(trial, f"infeasible: {error}") from error
        except InterruptedTrial:
            with contextlib.suppress(UpdateFinishedTrialError):
                log.store()
            raise
        if log.verdict is not None:
            raise _pruned(trial, log.verdict)
        trial.set_user_attr(records.REASON, f"finished all {config.training.epochs} epochs")
        return log.best_score

    def _configuration(self, trial: optuna.Trial) -> TrainConfig:
        seed = derive_seed(self.seed, trial.number)
        tasks = self.splits.schema.tasks
        if trial.user_attrs.get(records.BASELINE):
            config = baseline_config(tasks=tasks, epochs=self.epochs, seed=seed)
            # Where the space holds the manual's point, the trial was enqueued with its values;
            # suggesting them tells the sampler where it lies.
            if point_of(to_dict(config), self.space) is not None:
                suggest(trial, self.space)
            return config
        values = suggest(trial, self.space)
        return configure(self.space, values, tasks=tasks, epochs=self.epochs, seed=seed)

    def _num_labels(self) -> dict[str, int]:
        return num_labels(self.splits.val.targets.cpu().numpy(), self.splits.schema.tasks)


class _TrialLog:
    """Writes a trial's figures down as they come, and asks the pruner at judged epochs."""

    def __init__(self, trial: optuna.Trial, watch: Watch, counts: dict[str, int]) -> None:
        self.trial = trial
        self.watch = watch
        self.counts = counts
        self.history: list[dict[str, Any]] = []
        self.best_score = -math.inf
        self.verdict: str | None = None
        self.baseline = bool(trial.user_attrs.get(records.BASELINE))

    def on_epoch(self, record: EpochRecord) -> bool:
        """Notes an epoch; returns whether to stop here."""
        score = self.watch.score(self.watch.figures(record.r2))
        self.history.append(_plain(record))
        if math.isfinite(score):
            self.trial.report(score, step=record.epoch)
        if not record.judged:
            return False
        self.store()
        if score > self.best_score:
            self.best_score = score
            figures = {"epoch": record.epoch, "score": score, "num_labels": self.counts}
            self.trial.set_user_attr(records.FIGURES, figures | {"r2": _plain(record)["r2"]})
        if not math.isfinite(score):
            self.verdict = f"diverged: a watched R² is not finite after epoch {record.epoch}"
            return True
        if self.baseline:
            return False
        decision = decide(self.trial.study, self.trial)
        # At the last epoch nothing is left to save: the trial is complete, whatever its place.
        if decision.prune and record.epoch < self.trial.user_attrs[records.PLANNED]:
            self.verdict = decision.reason
            return True
        return False

    def store(self) -> None:
        """Stores the epochs so far."""
        self.trial.set_user_attr(records.HISTORY, self.history)
        self.trial.set_user_attr(records.EPOCHS, len(self.history))


def _plain(record: EpochRecord) -> dict[str, Any]:
    """An epoch as JSON takes it: `None` for NaN."""
    r2 = {task: value if math.isfinite(value) else None for task, value in record.r2.items()}
    return {
        "epoch": record.epoch,
        "train_loss": record.train_loss,
        "lr": record.lr,
        "r2": r2,
        "judged": record.judged,
        "seconds": round(record.seconds, 3),
    }


def _pruned(trial: optuna.Trial, reason: str) -> optuna.TrialPruned:
    trial.set_user_attr(records.REASON, reason)
    return optuna.TrialPruned(reason)
