"""The objective: suggest, configure, fit, report, return.

It has the train and val splits of the study's data and no access to the test split.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import optuna
import torch
from optuna.exceptions import UpdateFinishedTrialError

from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict, to_dict
from avq_core.errors import NonFiniteLossError, OutOfDeviceMemoryError
from avq_core.training.loop import fit
from avq_core.training.precision import settled
from avq_core.training.resident import ResidentSplits
from search.configure import baseline_config, configure
from search.interrupts import InterruptedTrial
from search.job import Job
from search.seeds import Stream, derive_seed
from search.suggest import suggest
from search.trial_log import TrialLog
from studies.points import point_of
from studies.records import attributes
from studies.records.trial import RanOn


@dataclass(frozen=True, kw_only=True, slots=True)
class Objective:
    """Trains one trial's configuration and returns the score of its best judged epoch."""

    job: Job
    splits: ResidentSplits
    val_groups: tuple[str, ...] = ()
    """Group name of each validation clip; empty where each clip is a group."""
    worker: str
    """Name of the worker, stored with each trial."""
    on_step: Callable[[], None]
    """Called before each micro-batch; raises `InterruptedTrial` to requeue the trial."""

    def __call__(self, trial: optuna.Trial) -> float | tuple[float, float]:
        """Runs a trial.

        Returns:
            The highest score of a judged epoch; in a study of two objectives, both watched R² of that
            epoch. The trial's stored `metrics` name the epoch.

        Raises:
            optuna.TrialPruned: Behind at a rung, diverged, or too large for the device; the
                trial's `reason` says which.
        """
        # Precision is decided here, once, so that the confirmation, test and training use the same.
        config = settled(
            self._configuration(trial).changed(data=self.job.data),
            self.splits.schema,
            self.splits.device,
        )
        trial.set_user_attr(attributes.CONFIG, to_dict(config))
        trial.set_user_attr(attributes.PLANNED, config.training.epochs)
        trial.set_user_attr(attributes.WORKER, self.worker)
        log = TrialLog(
            trial,
            self.job.watch,
            schema=self.splits.schema,
            targets=self.splits.val.targets.cpu().numpy(),
            groups=self.val_groups,
            spared=self._is_spared(trial),
        )
        try:
            result = fit(config, self.splits, on_epoch=log.on_epoch, on_step=self.on_step)
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
        trial.set_user_attr(attributes.RAN_ON, self._ran_on(result.precision).encode())
        if log.verdict is not None:
            raise _pruned(trial, log.verdict)
        trial.set_user_attr(attributes.REASON, f"finished all {config.training.epochs} epochs")
        return log.best

    def _configuration(self, trial: optuna.Trial) -> TrainConfig:
        job, tasks = self.job, self.splits.schema.tasks
        seed = derive_seed(job.seed, Stream.TRIAL, trial.number)
        if trial.user_attrs.get(attributes.BASELINE):
            config = baseline_config(tasks=tasks, epochs=job.baseline_epochs, seed=seed)
            # Where the space holds the manual's point, the trial was enqueued with its values;
            # suggesting them shows the sampler the point.
            if point_of(to_dict(config), job.space) is not None:
                suggest(trial, job.space)
            return config
        values = suggest(trial, job.space)
        first = trial.user_attrs.get(attributes.FINISHES)
        if first is not None:  # the same run again, past the rung where it was stopped
            stopped = trial.study.get_trials(deepcopy=False)[first]
            return from_dict(stopped.user_attrs[attributes.CONFIG])
        return configure(job.space, values, tasks=tasks, epochs=job.epochs, seed=seed)

    def _ran_on(self, precision: torch.dtype) -> RanOn:
        return RanOn(
            device=self.splits.device.type,
            threads=torch.get_num_threads(),
            precision="fp32" if precision is torch.float32 else "bf16",
        )

    def _is_spared(self, trial: optuna.Trial) -> bool:
        # By the trial's number, whichever worker runs it; evenly spaced, since a random 3 % would leave
        # many studies without a spared trial.
        first = derive_seed(self.job.seed, Stream.SPARED) / 2**32
        before, after = (first + n * self.job.audit_share for n in (trial.number, trial.number + 1))
        return math.floor(before) < math.floor(after)


def _pruned(trial: optuna.Trial, reason: str) -> optuna.TrialPruned:
    trial.set_user_attr(attributes.REASON, reason)
    return optuna.TrialPruned(reason)
