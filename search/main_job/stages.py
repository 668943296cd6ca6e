"""The stages of a search on an opened study: data audit, trials, confirmation."""

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna

from avq_core.data.store.balanced_folds import Fold
from avq_core.data.store.folds import cut_folds, prepare_folds
from avq_core.errors import DataError
from search.confirmation.confirm import NUM_FOLDS, confirm
from search.main_job.plan import Plan
from search.main_job.progress import describe, take_snapshot
from search.main_job.provenance import note_data_audit
from search.queue.baseline import BaselinePolicy, trained_baseline
from search.queue.retry import requeue_of_killed
from search.seeds import Stream, derive_seed
from search.simple_models import simple_models_fitted_meanwhile
from search.workers.processes import run_workers
from studies.errors import StudyError
from studies.records import attributes
from studies.records.provenance import DataAudit
from studies.storage.lock import study_lock
from studies.storage.patience import DatabaseAwayError, Patience, without_waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Receives the progress of a search, in lines with names of settings in backticks."""

    say: Callable[[str], None]
    """Called with each line that a log should keep."""
    show: Callable[[str], None]
    """Called with the current state, which replaces the last one; about twice a second."""


def audit_data(plan: Plan, study: optuna.Study, listener: Listener) -> None:
    """Audits the data, unless its audit is stored already, and reports the errors."""
    if attributes.DATA_AUDIT in study.user_attrs:
        return
    listener.show("auditing the data")
    note_data_audit(study, plan.source, plan.job.data)
    findings = DataAudit.decode(study.user_attrs[attributes.DATA_AUDIT]).findings
    errors = [finding for finding in findings if finding.level == "error"]
    num_warnings = sum(finding.level == "warning" for finding in findings)
    listener.say(
        f"audited the data: {len(errors)} error(s), {num_warnings} warning(s); "
        f"python -m avq_core.audit {plan.source} shows them"
    )
    for finding in errors:
        listener.say(f"data error: {finding.message}; {finding.mend}")


def run_trials(plan: Plan, study: optuna.Study, listener: Listener) -> None:
    """Runs workers until the study holds its total of finished trials; fits the simple models."""
    with simple_models_fitted_meanwhile(
        study,
        plan.store,
        on_wait=lambda: listener.say("fitting simple models: train mean, ridge, random forest"),
    ):
        _run_workers(plan, study, listener)


def _run_workers(plan: Plan, study: optuna.Study, listener: Listener) -> None:
    job = plan.job
    start = time.monotonic()
    first = take_snapshot(study, total=job.trials, finished_at_start=0, elapsed=0.0)
    if first.finished >= job.trials:
        listener.say(f"study {job.study}: all {first.finished} trials are done")
        return
    if first.stopped is not None:
        listener.say(f"study {job.study} stopped: {first.stopped}; give `stop` never to resume it")
        return
    verb = "resumes" if first.finished else "starts"
    listener.say(
        f"study {job.study} {verb}: {first.finished} of {job.trials} trials done, "
        f"{len(plan.slots)} worker(s) on {', '.join(sorted({s.device for s in plan.slots}))}"
    )

    def state() -> str:
        # Without waiting, since Ctrl-C is held back during a tick, and ends a search within ten seconds.
        try:
            with without_waiting():
                snapshot = take_snapshot(
                    study,
                    total=job.trials,
                    finished_at_start=first.finished,
                    elapsed=time.monotonic() - start,
                )
        except DatabaseAwayError:
            return "waiting for the database"
        return describe(snapshot, job.watch)

    def give_back(pids: Sequence[int]) -> None:
        # With the database away, their trials go back to the queue once they have no heartbeats.
        with contextlib.suppress(DatabaseAwayError), without_waiting():
            requeue_of_killed(study, pids)

    try:
        run_workers(
            job,
            plan.slots,
            on_tick=lambda: listener.show(state()),
            on_killed=give_back,
            say=listener.say,
        )
    finally:
        listener.say(state())


def note_missing_baseline(plan: Plan, study: optuna.Study, listener: Listener) -> None:
    """Says so where a study ends without its manual baseline, and how to train it.

    This happens where the total was lowered, time ran out, or the baseline killed its workers.
    """
    trials = study.get_trials(deepcopy=False)
    if trained_baseline(trials):
        return
    total = BaselinePolicy(total=plan.job.trials).total_needed(trials)
    with_more = f" with `trials` {total}" if total > plan.job.trials else ""
    listener.say(
        "the manual's configuration was not trained, so nothing is compared with it; the same "
        f"search{with_more} trains it"
    )


def confirm_best(plan: Plan, study: optuna.Study, listener: Listener) -> None:
    """Re-trains the candidates on folds and opens the test split for the chosen one."""
    job = plan.job
    root = plan.folder / "folds"
    listener.show("confirming")

    def make_stores(folds: Sequence[Fold]) -> list[Path]:
        stores = prepare_folds(
            plan.source,
            job.data,
            of=plan.store,
            root=root,
            folds=folds,
            on_note=lambda line: listener.show(f"confirming: {line}"),
        )
        return [store.path for store in stores]

    patience = Patience(job.url, say=listener.say)
    with study_lock(job.url, job.study, "confirm", patience=patience):
        confirm(
            study,
            store=job.store,
            cut_folds=lambda: _cut(plan, listener),
            make_stores=make_stores,
            slots=plan.slots,
            watch=job.watch,
            seed=job.seed,
            num_best=plan.settings.confirm,
            on_progress=lambda what, done, total: listener.show(f"{what}: {done}/{total} runs"),
        )
        shutil.rmtree(root, ignore_errors=True)  # large, and quick to make again
    listener.say("confirmed")


def _cut(plan: Plan, listener: Listener) -> list[Fold]:
    """The folds of the confirmation; says so where they are fewer than usual.

    Raises:
        StudyError: Not even two can be made.
    """
    job = plan.job
    seed = derive_seed(job.seed, Stream.FOLDS)
    try:
        folds = cut_folds(plan.store, num_folds=NUM_FOLDS, seed=seed, watched=job.watch.tasks)
    except DataError as error:
        raise StudyError(
            f"nothing is confirmed: {error}; `confirm` 0 exports the search's best without it"
        ) from error
    if len(folds) < NUM_FOLDS:
        listener.say(
            f"confirming on {len(folds)} folds, not {NUM_FOLDS}: train + val have too few groups, or "
            f"too few of them with labels of {' and '.join(job.watch.tasks)}"
        )
    return folds
