"""One worker process: claims trials within the study's budget and runs them, one after another."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from avq_core.errors import NoRoomError
from avq_core.outputs import keep_outputs
from search.interrupts import REQUEUED_REASON, InterruptedTrial, StopRequest
from search.job import NO_ROOM, Job, Slot
from search.pruners.factory import make_pruner
from search.pruners.first_rung import FirstRungPruner, queue_best_at_first_rung
from search.queue.baseline import BaselinePolicy
from search.queue.retry import requeue, requeue_stale
from search.quiet import quiet_libraries
from search.samplers.factory import make_sampler
from search.stopping import is_over
from studies.records import attributes
from studies.records.stored import is_foreign_trial
from studies.storage.lock import StudyLock, study_lock
from studies.storage.open import open_storage
from studies.storage.optuna_internals import trial_id
from studies.storage.orphans import fail_orphans
from studies.storage.patience import DatabaseAwayError, Patience, given_up
from studies.trial_states import BUDGETED

_POLL_SECONDS: Final = 0.5
ObjectiveValue = float | tuple[float, float]


def run_worker(job: Job, slot: Slot) -> None:
    """Entry point of a worker process; returns when the budget is spent or a stop is requested."""
    # The parent passes Ctrl-C on as SIGTERM, which ends a worker that has no trial yet.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _redirect_output(job.logs / f"worker-{slot.index}.log")
    os.environ["OMP_NUM_THREADS"] = str(slot.threads)
    import torch

    from avq_core.data.store.store import open_store
    from avq_core.training.device import claim_device
    from avq_core.training.resident import splits_to_device
    from search.objective import Objective

    torch.set_num_threads(slot.threads)
    splits = open_store(job.store).search_splits()
    device = claim_device(slot.device, memory_share=slot.memory_share)
    try:
        resident = splits_to_device(splits, device)
    except NoRoomError as error:
        print(error)
        sys.exit(NO_ROOM)
    stop = StopRequest()
    objective = Objective(
        job=job,
        splits=resident,
        val_groups=splits.val.groups,
        worker=f"worker-{slot.index} on {slot.device}, {socket.gethostname()}:{os.getpid()}",
        on_step=stop.check,
    )
    quiet_libraries()
    # The main job has just used the database; so if it is away now, it comes back.
    patience = Patience(job.url, say=partial(print, flush=True), is_over=stop.is_due)
    storage = patience.run(
        lambda: open_storage(job.url, stale_callback=requeue_stale, patience=patience)
    )
    study = optuna.load_study(study_name=job.study, storage=storage)
    study.pruner = make_pruner(job.pruner, job.watch, epochs=job.epochs)
    context = StudyContext(
        job=job,
        study=study,
        storage=storage,
        lock=study_lock(job.url, job.study, patience=patience),
        baseline=BaselinePolicy.of(job, tasks=splits.schema.tasks, now=time.time()),
    )
    stop.listen()
    try:
        while not stop.is_due() and (job.deadline is None or time.time() < job.deadline):
            if not run_next(context, objective):
                break
    except DatabaseAwayError as error:
        if not stop.is_due():
            raise
        print(f"stopped meanwhile: {error}")  # its trial is requeued when it has no heartbeats


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyContext:
    """The study that a worker works on, with its storage, lock and settings."""

    job: Job
    study: optuna.Study
    storage: RDBStorage
    lock: StudyLock
    baseline: BaselinePolicy | None = None
    """When the manual baseline is queued; `None` for a study without one."""


def run_next(context: StudyContext, objective: Callable[[optuna.Trial], ObjectiveValue]) -> bool:
    """Runs one trial, or waits a moment where running trials may still fail and free their budget.

    Counting and claiming happen under the study's lock: without it, two workers that both see one
    trial left would both run it.

    Returns:
        Whether there may be more trials to run.
    """
    job, study, lock = context.job, context.study, context.lock
    claim = _Claim(objective, context)
    lock.acquire()
    try:
        fail_orphans(
            study, context.storage, stale_callback=requeue_stale, is_foreign=is_foreign_trial
        )
        optuna.storages.fail_stale_trials(study)
        trials = study.get_trials(deepcopy=False)
        states = [trial.state for trial in trials if trial.state in BUDGETED]
        if job.may_stop and is_over(study, trials, total=job.trials, watch=job.watch):
            return False
        waits = isinstance(study.pruner, FirstRungPruner) and queue_best_at_first_rung(
            study, total=job.trials, watch=job.watch
        )
        if len(states) < job.trials and not waits:
            if context.baseline is not None and context.baseline.is_due(trials, now=time.time()):
                context.baseline.queue(study)
            study.optimize(claim, n_trials=1)
            return True
    except (InterruptedTrial, _LockLostError) as error:
        requeue(study, claim.stored(study))
        return isinstance(error, _LockLostError)
    except Exception as error:
        if (away := given_up(error)) is not None:
            raise away from away.__cause__
        if claim.failed or not claim.was_declared_stale(study):
            raise
        print(f"trial {claim.stored(study).number} was taken over while this worker was suspended")
        return True
    finally:
        lock.release()
    if TrialState.RUNNING not in states:
        return False
    # The budget is claimed but not spent: a running trial may still fail and free its place.
    time.sleep(_POLL_SECONDS)
    return True


class _LockLostError(RuntimeError):
    """The study's lock was lost while a trial was claimed, so that others may have claimed its place."""


class _Claim:
    """The objective of one claimed trial; releases the study's lock once the trial is running."""

    def __init__(
        self, objective: Callable[[optuna.Trial], ObjectiveValue], context: StudyContext
    ) -> None:
        self.objective = objective
        self.context = context
        self.trial: optuna.Trial | None = None
        self.failed = False
        """Whether the objective ended with a bug."""

    def __call__(self, trial: optuna.Trial) -> ObjectiveValue:
        self.trial = trial
        # Optuna's heartbeat thread may not have recorded its first heartbeat yet. A worker killed
        # before that would leave a trial that never counts as stale (`fail_orphans`).
        self.context.storage.record_heartbeat(trial_id(trial))
        if not self.context.lock.is_held():
            raise _LockLostError("the database went away while the trial was claimed")
        self.context.lock.release()
        job = self.context.job
        # Optuna asks the sampler when the objective first asks for a value, so not before this.
        # A new sampler for each trial: its values follow from the study's seed and the trial's number,
        # whichever worker asks, and no two trials draw alike.
        trial.study.sampler = make_sampler(
            job.sampler, job.space, seed=job.seed, number=trial.number
        )
        try:
            return self.objective(trial)
        except InterruptedTrial:
            self._note(REQUEUED_REASON)
            raise
        except (optuna.TrialPruned, UpdateFinishedTrialError, DatabaseAwayError):
            raise
        except Exception as error:
            self.failed = True
            self._note(f"failed: {type(error).__name__}: {error}")
            raise

    def _note(self, reason: str) -> None:
        assert self.trial is not None
        with contextlib.suppress(UpdateFinishedTrialError):
            self.trial.set_user_attr(attributes.REASON, reason)

    def stored(self, study: optuna.Study) -> FrozenTrial:
        """The trial as the storage has it."""
        assert self.trial is not None
        return study.get_trials(deepcopy=False)[self.trial.number]

    def was_declared_stale(self, study: optuna.Study) -> bool:
        """Whether this worker was suspended without heartbeats, so that another failed its trial.

        Which error Optuna raises then depends on where the trial notices: `UpdateFinishedTrialError`
        from a report, `ValueError` or `AssertionError` at its end. So the storage is asked.
        """
        return self.trial is not None and self.stored(study).state is TrialState.FAIL


def _redirect_output(path: Path) -> None:
    """Workers write to their own logs: the terminal belongs to the progress display."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError:  # a full disk ends no worker before its first trial
        descriptor = os.open(os.devnull, flags)
    keep_outputs()
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
