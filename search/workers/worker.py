"""One worker process: claims trials within the study's budget and runs them, one after another."""

import contextlib
import math
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from avq_core.errors import NoRoomError
from search.interrupts import INTERRUPTED, InterruptedTrial, StopRequest
from search.pruners.factory import make_pruner
from search.pruners.first_rung import FirstRungPruner, queue_finalists
from search.queue.baseline import baseline_point, head_start, is_due, queue_baseline
from search.queue.retry import hand_back, hand_back_stale
from search.quiet import quiet_libraries
from search.samplers.factory import make_sampler
from search.settings import NO_ROOM, Job, Slot
from search.stopping import is_over
from studies import records
from studies.score import Watch
from studies.storage.lock import StudyLock, study_lock
from studies.storage.open import open_storage
from studies.storage.optuna_internals import trial_id
from studies.storage.orphans import fail_orphans

_POLL_SECONDS: Final = 0.5
ObjectiveValue = float | tuple[float, float]
_BUDGETED: Final = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


def run_worker(job: Job, slot: Slot) -> None:
    """The entry of a worker process; returns when the budget is spent or a stop was asked for."""
    stop = StopRequest()
    stop.listen()
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
    objective = Objective(
        splits=resident,
        val_groups=splits.val.groups,
        space=job.space,
        data=job.data,
        watch=job.watch,
        epochs=job.epochs,
        baseline_epochs=job.baseline_epochs,
        seed=job.seed,
        worker=f"worker-{slot.index} on {slot.device}, {socket.gethostname()}:{os.getpid()}",
        on_step=stop.check,
        audit_share=job.audit_share,
    )
    quiet_libraries()
    storage = open_storage(job.url, stale_callback=hand_back_stale)
    study = optuna.load_study(study_name=job.study, storage=storage)
    study.pruner = make_pruner(job.pruner, job.watch, epochs=job.epochs)
    crew = Crew(
        study=study,
        storage=storage,
        lock=study_lock(job.url, job.study),
        sampler=lambda number: make_sampler(job.sampler, job.space, seed=job.seed, number=number),
        total=job.trials,
        watch=job.watch,
        stops=job.stop == "auto",
        baseline=baseline_point(
            job.space, tasks=splits.schema.tasks, epochs=job.baseline_epochs, seed=job.seed
        ),
        half_time=math.inf if job.deadline is None else (time.time() + job.deadline) / 2,
    )
    while not stop.is_due() and (job.deadline is None or time.time() < job.deadline):
        if not run_next(crew, objective):
            break


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """What a worker shares with all others of its study."""

    study: optuna.Study
    storage: RDBStorage
    lock: StudyLock
    sampler: Callable[[int], BaseSampler]
    """The sampler of a trial, given its number: a suggestion then follows from the study's seed and
    the trial's number, whichever worker makes it, and no two draw alike."""
    total: int
    """Trials of the study."""
    watch: Watch
    stops: bool = False
    """Whether the study may end before its total (`search.stopping`)."""
    baseline: Mapping[str, Any] | None = None
    """The manual's values, to be trained when it is due (`search.queue.baseline`); `None` for a study
    without it."""
    half_time: float = math.inf
    """`time.time()` when half of the time is over; infinite where there is no end of it."""


def run_next(crew: Crew, objective: Callable[[optuna.Trial], ObjectiveValue]) -> bool:
    """Runs one trial, or waits a moment where running ones may yet use up the budget.

    Counting and claiming happen under the study's lock: without it, two workers that both see one
    trial left would run two.

    Returns:
        Whether there may be more to do.
    """
    study, lock = crew.study, crew.lock
    claim = _Claim(objective, crew)
    lock.acquire()
    try:
        fail_orphans(study, crew.storage, stale_callback=hand_back_stale)
        optuna.storages.fail_stale_trials(study)
        trials = study.get_trials(deepcopy=False)
        states = [trial.state for trial in trials if trial.state in _BUDGETED]
        if crew.stops and is_over(study, trials, total=crew.total, watch=crew.watch):
            return False
        waits = isinstance(study.pruner, FirstRungPruner) and queue_finalists(
            study, total=crew.total, watch=crew.watch
        )
        if len(states) < crew.total and not waits:
            if crew.baseline is not None and is_due(
                trials,
                after=head_start(crew.total, may_stop=crew.stops),
                is_late=time.time() > crew.half_time,
            ):
                queue_baseline(study, crew.baseline)
            study.optimize(claim, n_trials=1)
            return True
    except InterruptedTrial:
        hand_back(study, claim.stored(study))
        return False
    except Exception:
        if claim.failed or not claim.was_declared_stale(study):
            raise
        print(f"trial {claim.stored(study).number} went on elsewhere while this worker was away")
        return True
    finally:
        lock.release()
    if TrialState.RUNNING not in states:
        return False
    # The budget is claimed, not spent: a running trial may still fail and leave its place.
    time.sleep(_POLL_SECONDS)
    return True


class _Claim:
    """The objective of one claimed trial; gives the study's lock up once the trial is running."""

    def __init__(self, objective: Callable[[optuna.Trial], ObjectiveValue], crew: Crew) -> None:
        self.objective = objective
        self.crew = crew
        self.trial: optuna.Trial | None = None
        self.failed = False
        """Whether the objective ended with a bug."""

    def __call__(self, trial: optuna.Trial) -> ObjectiveValue:
        # Optuna's heartbeat thread may not have come to its first one yet. A worker killed before
        # that would leave a trial that is never called stale (`fail_orphans`).
        self.crew.storage.record_heartbeat(trial_id(trial))
        self.crew.lock.release()
        self.trial = trial
        # Optuna asks the sampler when the objective first asks for a value, so not before this.
        trial.study.sampler = self.crew.sampler(trial.number)
        try:
            return self.objective(trial)
        except InterruptedTrial:
            self._note(INTERRUPTED)
            raise
        except (optuna.TrialPruned, UpdateFinishedTrialError):
            raise
        except Exception as error:
            self.failed = True
            self._note(f"failed: {type(error).__name__}: {error}")
            raise

    def _note(self, reason: str) -> None:
        assert self.trial is not None
        with contextlib.suppress(UpdateFinishedTrialError):
            self.trial.set_user_attr(records.REASON, reason)

    def stored(self, study: optuna.Study) -> FrozenTrial:
        """The trial as the storage has it."""
        assert self.trial is not None
        return study.get_trials(deepcopy=False)[self.trial.number]

    def was_declared_stale(self, study: optuna.Study) -> bool:
        """Whether this worker slept through its heartbeats, so that others failed its trial.

        What Optuna raises then depends on where the trial noticed: `UpdateFinishedTrialError` from
        a report, `ValueError` or even `AssertionError` from the end. The storage knows.
        """
        return self.trial is not None and self.stored(study).state is TrialState.FAIL


def _redirect_output(path: Path) -> None:
    """Workers write to their own logs: the terminal belongs to the progress display."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
