"""Trials that were cut off go back to the queue, so that an interruption costs time and no point."""

from typing import Final

import optuna
from optuna.trial import FrozenTrial

from studies.records import attributes
from studies.storage.optuna_internals import queued_point

MAX_RETRIES: Final = 2
"""A trial that ended its worker this often is not tried again: it may be what ends them."""
RETRIES: Final = "retries"
"""Trial: how often its worker had died before; on every requeued trial."""


def requeue(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queues the point of an interrupted trial once more, however often it was interrupted."""
    _queue_again(study, trial, retries=int(trial.user_attrs.get(RETRIES, 0)))


def requeue_stale(study: optuna.Study, trial: FrozenTrial) -> None:
    """As `requeue`, for a trial whose worker died; gives it up if that happens too often."""
    retries = int(trial.user_attrs.get(RETRIES, 0))
    if retries < MAX_RETRIES:
        _queue_again(study, trial, retries=retries + 1)


def _queue_again(study: optuna.Study, trial: FrozenTrial, *, retries: int) -> None:
    # What it was queued with, where it ended before it asked for all of that.
    point = {**(queued_point(trial) or {}), **trial.params}
    if not (point or trial.user_attrs.get(attributes.BASELINE)):
        return
    kept = (attributes.BASELINE, attributes.FINISHES)
    noted = {RETRIES: retries} | {k: v for k, v in trial.user_attrs.items() if k in kept}
    study.enqueue_trial(point, user_attrs=noted)
