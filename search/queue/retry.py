"""Requeues interrupted trials, so that an interruption costs time but loses no point of the search."""

import socket
from collections.abc import Collection
from typing import Final

import optuna
from optuna.trial import FrozenTrial, TrialState

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
    """Fails and queues again the running trials of workers that were killed when the search was stopped.

    Args:
        study: The study.
        pids: Process ids of those workers, on this machine.
    """
    workers = tuple(f" {socket.gethostname()}:{pid}" for pid in pids)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.user_attrs.get(attributes.WORKER, "").endswith(workers):
            study.tell(trial.number, state=TrialState.FAIL)
            requeue(study, trial)


def _queue_again(study: optuna.Study, trial: FrozenTrial, *, retries: int) -> None:
    # It may have been interrupted before it asked for all values that it was queued with.
    point = {**(queued_point(trial) or {}), **trial.params}
    if not (point or trial.user_attrs.get(attributes.BASELINE)):
        return
    kept = (attributes.BASELINE, attributes.FINISHES)
    noted = {attributes.RETRIES: retries} | {k: v for k, v in trial.user_attrs.items() if k in kept}
    study.enqueue_trial(point, user_attrs=noted)
