"""Requeues interrupted trials, so that an interruption costs time but loses no point of the search."""

import socket
from collections.abc import Collection
from typing import Final

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from search.interrupts import REQUEUED_REASON
from studies.records import attributes
from studies.storage.optuna_internals import queued_point

MAX_RETRIES: Final = 2
"""How often a trial is requeued after its worker died; then it is given up, since it may be the cause."""


def requeue(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queues the point of an interrupted trial again, however often it was interrupted."""
    _queue_again(study, trial, retries=int(trial.user_attrs.get(attributes.RETRIES, 0)))


def requeue_stale(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queues the point of a trial whose worker died again, at most `MAX_RETRIES` times."""
    retries = int(trial.user_attrs.get(attributes.RETRIES, 0))
    if retries < MAX_RETRIES:
        _queue_again(study, trial, retries=retries + 1)


def requeue_of_killed(study: optuna.Study, pids: Collection[int]) -> None:
    """Fails and queues again the trials of workers that were killed when the search was stopped.

    A worker may have been killed after it had failed its trial, and before it queued it again.

    Args:
        study: The study.
        pids: Process ids of those workers, on this machine.
    """
    workers = tuple(f" {socket.gethostname()}:{pid}" for pid in pids)
    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        if not str(trial.user_attrs.get(attributes.WORKER, "")).endswith(workers):
            continue
        if trial.state is TrialState.RUNNING:
            try:
                study.tell(trial.number, state=TrialState.FAIL)
            except (ValueError, UpdateFinishedTrialError):
                continue  # another worker ended it meanwhile, and queued it again
            requeue(study, trial)
        elif _was_interrupted(trial) and not _is_queued_again(trial, trials):
            requeue(study, trial)


def _was_interrupted(trial: FrozenTrial) -> bool:
    is_noted = trial.user_attrs.get(attributes.REASON) == REQUEUED_REASON
    return trial.state is TrialState.FAIL and is_noted


def _is_queued_again(trial: FrozenTrial, trials: Collection[FrozenTrial]) -> bool:
    """Whether a later trial was queued with the same point, and as the same kind of trial."""
    kind = _kind(trial)
    point = _point(trial)
    return any(
        later.number > trial.number
        and attributes.RETRIES in later.user_attrs
        and _kind(later) == kind
        and queued_point(later) == point
        for later in trials
    )


def _point(trial: FrozenTrial) -> dict[str, object]:
    """What it was queued with, and what it asked for: it may not have asked for all values yet."""
    return {**(queued_point(trial) or {}), **trial.params}


def _kind(trial: FrozenTrial) -> dict[str, object]:
    """The attributes that make it another trial than a suggested one."""
    kept = (attributes.BASELINE, attributes.FINISHES)
    return {name: value for name, value in trial.user_attrs.items() if name in kept}


def _queue_again(study: optuna.Study, trial: FrozenTrial, *, retries: int) -> None:
    point = _point(trial)
    if not (point or trial.user_attrs.get(attributes.BASELINE)):
        return
    study.enqueue_trial(point, user_attrs={attributes.RETRIES: retries} | _kind(trial))
