"""Opens a plan's study: creates it or checks that it is the same one, and queues points to try first."""

import time
from collections.abc import Callable

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.main_job.existing import (
    check_not_shared,
    check_readable,
    check_storage,
    check_study,
    num_objectives,
)
from search.main_job.plan import Plan
from search.queue.baseline import BaselinePolicy
from search.queue.retry import requeue_stale
from search.queue.warm_start import queue
from studies.errors import StudyError
from studies.identity import Identity, differences
from studies.records import attributes
from studies.records.stored import identity_in, rename_old_attributes
from studies.storage.lock import study_lock
from studies.storage.open import make_schema, open_storage
from studies.storage.patience import Patience
from studies.trial_states import FINISHED


def open_study(plan: Plan, *, say: Callable[[str], None]) -> optuna.Study:
    """Creates the study of a plan, or opens it to resume.

    Args:
        plan: The plan.
        say: Called with a line on what was queued, and while the study is open when its database is away.

    Raises:
        StudyError: The stored study has other data, another space or other settings, and they are named;
            or another program made it or runs it. Then nothing was written.
    """
    job, objective = plan.job, plan.settings.objective
    check_storage(job.url, job.study, objective)
    make_schema(job.url)
    with study_lock(job.url, job.study):
        patience = Patience(job.url, say=say)
        storage = open_storage(job.url, stale_callback=requeue_stale, patience=patience)
        study = optuna.create_study(
            study_name=job.study,
            storage=storage,
            directions=["maximize"] * num_objectives(objective),
            load_if_exists=True,
        )
        # Again, under the lock: it may have been created in the meantime.
        check_study(study, objective)
        stored = identity_in(study.user_attrs)
        if stored is not None:
            _resume(study, storage, stored, plan, say=say)
        more = study.user_attrs.get(attributes.TOTAL) != job.trials
        study.set_user_attr(attributes.TOTAL, job.trials)
        if stored is None:
            _describe(study, plan)
        policy = BaselinePolicy.of(job, tasks=plan.store.schema.tasks, now=time.time())
        trials = study.get_trials(deepcopy=False)
        if policy.is_due_at_opening(trials, num_queued=_num_requested(plan)):
            policy.queue(study)
        if stored is None:
            if job.space.start:
                study.enqueue_trial(dict(job.space.start))
            study.set_user_attr(attributes.IDENTITY, plan.identity.to_dict())
        finished = study.get_trials(deepcopy=False, states=FINISHED)
        if len(finished) < job.trials:  # in a study at its total, queued points would never run
            for requested in plan.requested:
                queue(
                    study,
                    requested,
                    space=job.space,
                    tasks=plan.store.schema.tasks,
                    baseline=policy.point,
                    say=say,
                )
        waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if study.user_attrs.get(attributes.STOPPED) and (not job.may_stop or more or waiting):
            study.set_user_attr(attributes.STOPPED, None)
    return study


def _resume(
    study: optuna.Study,
    storage: RDBStorage,
    stored: Identity,
    plan: Plan,
    *,
    say: Callable[[str], None],
) -> None:
    """Checks that a study is the plan's, and brings what an earlier version stored up to date."""
    job = plan.job
    _refuse_other(study, stored, plan.identity)
    # An object of its own: `study` must not keep trials with their old names in memory.
    as_stored = optuna.load_study(study_name=job.study, storage=storage)
    check_not_shared(as_stored, storage)
    check_readable(as_stored)
    if rename_old_attributes(study, storage):
        study.set_user_attr(attributes.SIMPLE_MODELS, None)  # its ridge was another
        say(
            "version 0.1 began this study: its trials stay, and new ones train a little "
            "differently (seeds, warm-up, windows of frames); for trials that are all alike, "
            "begin a new one with `study`"
        )
    if study.user_attrs.get(attributes.SPACE, {}).get("start", {}) != job.space.start:
        say(
            f"the space {job.space.name!r} has another start than when the study began: it is not "
            "tried itself, but first trials are drawn near it now; `enqueue` tries a point"
        )


def _describe(study: optuna.Study, plan: Plan) -> None:
    """Stores the study's data, space and watched tasks; the identity follows when all else is stored."""
    watch = plan.job.watch
    study.set_user_attr(attributes.TASKS, list(plan.store.schema.tasks))
    study.set_user_attr(attributes.WATCH, [watch.cross_modal, watch.overall])
    study.set_user_attr(attributes.SPACE, plan.job.space.to_dict())
    study.set_user_attr(attributes.DATA_SOURCE, plan.source)
    attainable = {split: dict(r2) for split, r2 in plan.store.attainable_r2.items()}
    study.set_user_attr(attributes.ATTAINABLE, attainable)


def _refuse_other(study: optuna.Study, stored: Identity, asked: Identity) -> None:
    changes = differences(stored, asked)
    if changes:
        raise StudyError(
            f"the study {study.study_name!r} was made differently: {'; '.join(changes)}; "
            "give the same as before, or a new name with `study`"
        )


def _num_requested(plan: Plan) -> int:
    return sum(len(requested.points) for requested in plan.requested)
