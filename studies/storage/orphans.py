"""Trials whose worker was killed before its first heartbeat, which Optuna never calls stale."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import optuna
from optuna.trial import FrozenTrial, TrialState

from studies.storage.optuna_internals import running_without_heartbeat
from studies.storage.patient_storage import patiently

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

    from studies.storage.rdb import StaleCallback


def fail_orphans(
    study: optuna.Study,
    storage: "RDBStorage",
    *,
    stale_callback: "StaleCallback",
    is_foreign: Callable[[FrozenTrial], bool],
) -> None:
    """Fails running trials that never recorded a heartbeat, and calls back for each.

    Call it only under the study's lock. A worker that claims a trial records a heartbeat before it
    releases this lock; so such a trial has no worker.

    Args:
        study: The study.
        storage: Its opened storage.
        stale_callback: Called with each trial after it was failed.
        is_foreign: Whether a trial is another program's, which is left alone.
    """
    silent = patiently(storage, lambda: running_without_heartbeat(storage, study.study_name))
    for trial_id in silent:
        if is_foreign(storage.get_trial(trial_id)):
            continue
        if storage.set_trial_state_values(trial_id, TrialState.FAIL):
            stale_callback(study, storage.get_trial(trial_id))
