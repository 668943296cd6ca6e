"""Workers: the exact budget, requeued trials, and what a killed worker leaves behind."""

import dataclasses
import itertools
import pickle
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError

from search.interrupts import REQUEUED_REASON, InterruptedTrial, StopRequest
from search.job import Job
from search.objective import Objective
from search.pruners.first_rung import FirstRungPruner, best_at_first_rung
from search.queue.baseline import HEAD_START, BaselinePolicy
from search.queue.retry import MAX_RETRIES, requeue, requeue_of_killed, requeue_stale
from search.workers.worker import StudyContext, run_next
from studies.records import attributes
from studies.records.read import read_study
from studies.storage.lock import study_lock
from studies.storage.open import open_storage
from studies.storage.patience import DatabaseAwayError, Patience

WORKER = """
import pickle, sys, time, optuna
from pathlib import Path
from search.queue.retry import requeue_stale
from search.quiet import quiet_libraries
from search.workers.worker import StudyContext, run_next
from studies.storage.lock import study_lock
from studies.storage.open import open_storage

quiet_libraries()
job = pickle.loads(Path(sys.argv[1]).read_bytes())
storage = open_storage(job.url, stale_callback=requeue_stale)
study = optuna.load_study(study_name="tiny", storage=storage)

def objective(trial):
    time.sleep(0.01)
    return trial.suggest_float("x", 0, 1)

context = StudyContext(job=job, study=study, storage=storage, lock=study_lock(job.url, job.study))
while run_next(context, objective):
    pass
"""


def context_of(study: optuna.Study, job: Job, **settings: Any) -> StudyContext:
    """What a worker shares, for one worker in this process; settings of the job by name."""
    return StudyContext(
        job=dataclasses.replace(job, **settings),
        study=study,
        storage=open_storage(job.url, stale_callback=requeue_stale),
        lock=study_lock(job.url, job.study),
    )


def with_baseline(context: StudyContext, **settings: Any) -> StudyContext:
    """The context of a study that trains its baseline when it is due."""
    policy = BaselinePolicy(total=context.job.trials, may_stop=context.job.may_stop, **settings)
    return dataclasses.replace(context, baseline=policy)


@pytest.mark.slow
def test_the_budget_is_exact_over_many_workers(
    study: optuna.Study, job: Job, tmp_path: Path
) -> None:
    """Five processes that race for 30 trials run 30 trials, and leave none behind."""
    file = tmp_path / "job.pickle"
    file.write_bytes(pickle.dumps(dataclasses.replace(job, trials=30)))
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, file], stderr=subprocess.PIPE)
        for _ in range(5)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors.decode()
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 30


def test_a_spent_budget_starts_nothing(study: optuna.Study, job: Job) -> None:
    """The same command after the end finds nothing to do."""
    assert run_next(context_of(study, job, trials=1), lambda _: 1.0)
    assert not run_next(context_of(study, job, trials=1), lambda _: 1.0)
    assert len(study.trials) == 1


def test_failed_trials_do_not_count_and_pruned_ones_do(study: optuna.Study, job: Job) -> None:
    """200 means 200 that came to an end of their own."""

    def pruned(_: optuna.Trial) -> float:
        raise optuna.TrialPruned

    study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))
    while run_next(context_of(study, job, trials=3), pruned):
        pass
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.PRUNED) == 3
    assert states.count(TrialState.FAIL) == 1


def test_an_interrupted_trial_goes_back_to_the_queue(
    study: optuna.Study, job: Job, make_objective: Callable[..., Objective]
) -> None:
    """Its point is tried again, and its place in the budget is free."""
    stop = StopRequest()
    stop.requested = True
    assert not run_next(context_of(study, job, trials=1), make_objective(on_step=stop.check))
    first, second = study.trials
    assert first.state is TrialState.FAIL
    assert first.user_attrs[attributes.REASON] == "interrupted: requeued"
    assert second.state is TrialState.WAITING
    assert run_next(context_of(study, job, trials=1), make_objective())
    assert study.trials[1].state is TrialState.COMPLETE
    assert study.trials[1].params == first.params
    assert len(study.trials) == 2


def test_a_bug_in_a_trial_ends_the_worker_and_says_why(
    study: optuna.Study, storage: str, job: Job
) -> None:
    """The reason is on the trial, the exception goes on up, the lock is free again."""

    def bug(_: optuna.Trial) -> float:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        run_next(context_of(study, job, trials=1), bug)
    assert study.trials[0].user_attrs[attributes.REASON] == "failed: ZeroDivisionError: a bug"
    with study_lock(storage, "tiny"):
        pass


def test_a_worker_that_was_declared_stale_goes_on_with_the_next_trial(
    study: optuna.Study, storage: str, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """A laptop that slept: somebody failed its trial meanwhile, and that is no error."""

    def slept(trial: optuna.Trial) -> float:
        other = open_storage(storage)
        other.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        return 1.0

    assert run_next(context_of(study, job, trials=1), slept)
    assert "was taken over" in capsys.readouterr().out


def test_a_trial_that_keeps_ending_its_worker_is_given_up() -> None:
    """Else one point that exhausts the machine's memory would stop the study for good."""
    study = optuna.create_study()
    study.enqueue_trial({"x": 0.5})
    for _ in range(MAX_RETRIES + 1):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, state=TrialState.FAIL)
        requeue_stale(study, study.trials[trial.number])
    assert [t.state for t in study.trials] == [TrialState.FAIL] * (MAX_RETRIES + 1)


def test_the_trial_of_a_killed_worker_is_queued_again_at_once() -> None:
    """Trials of other workers, and of other machines, are their own."""
    study = optuna.create_study()
    names = [f"worker-{i} on cpu, {socket.gethostname()}:{pid}" for i, pid in enumerate((12, 2))]
    for name in (*names, "worker-0 on cpu, elsewhere:2"):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr(attributes.WORKER, name)
    requeue_of_killed(study, [2])
    running, failed = TrialState.RUNNING, TrialState.FAIL
    assert [t.state for t in study.trials] == [running, failed, running, TrialState.WAITING]
    assert study.ask().suggest_float("x", 0, 1) == study.trials[1].params["x"]


def test_a_worker_killed_between_failing_its_trial_and_queueing_it_loses_no_point() -> None:
    """A point that was queued again is not queued twice, and another reason to fail is none to repeat."""
    study = optuna.create_study()
    worker = f"worker-0 on cpu, {socket.gethostname()}:2"
    for reason in (REQUEUED_REASON, REQUEUED_REASON, "failed: ValueError: a bug"):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr(attributes.WORKER, worker)
        trial.set_user_attr(attributes.REASON, reason)
        study.tell(trial, state=TrialState.FAIL)
    requeue(study, study.trials[0])
    for _ in range(2):
        requeue_of_killed(study, [2])
    waiting = study.get_trials(states=(TrialState.WAITING,))
    points = [trial.system_attrs["fixed_params"] for trial in waiting]
    assert points == [study.trials[0].params, study.trials[1].params]


def test_a_trial_that_ended_meanwhile_keeps_no_other_from_the_queue(
    study: optuna.Study, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker took it for stale and queued it again, after the trials were read."""
    for _ in range(2):
        trial = optuna.load_study(study_name="tiny", storage=storage).ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr(attributes.WORKER, f"worker-0 on cpu, {socket.gethostname()}:2")
    trials = study.get_trials()
    open_storage(storage).set_trial_state_values(trials[0]._trial_id, TrialState.FAIL)
    monkeypatch.setattr(study, "get_trials", lambda **_: trials)
    requeue_of_killed(study, [2])
    states = [trial.state for trial in optuna.load_study(study_name="tiny", storage=storage).trials]
    assert states == [TrialState.FAIL, TrialState.FAIL, TrialState.WAITING]


def test_a_running_trial_of_another_program_is_left_alone(
    study: optuna.Study, storage: str, job: Job
) -> None:
    """It has values and no heartbeat; ours records one first."""
    theirs = optuna.load_study(study_name="tiny", storage=storage).ask()
    theirs.suggest_float("x", 0, 1)
    assert run_next(context_of(study, job, trials=2), lambda _: 1.0)
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING, TrialState.COMPLETE]


def test_a_trial_claimed_without_the_lock_is_given_back(
    study: optuna.Study, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that restarts releases its locks, so another worker may have counted the same place."""
    study.enqueue_trial({"x": 0.5})
    context = context_of(study, job, trials=1)
    with monkeypatch.context() as lost:
        lost.setattr(context.lock, "is_held", lambda: False)
        assert run_next(context, lambda trial: trial.suggest_float("x", 0, 1))
    assert run_next(context, lambda trial: trial.suggest_float("x", 0, 1))
    assert not run_next(context, lambda _: 1.0)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert study.trials[1].params == {"x": 0.5}


def test_a_database_that_stays_away_is_named_as_the_cause(
    study: optuna.Study, storage: str, job: Job
) -> None:
    """Optuna's clean-up fails for the same reason, and would raise `UnboundLocalError`."""
    patience = Patience(storage, say=lambda _: None, seconds=0)
    opened = open_storage(storage, patience=patience)

    def lose(_: object) -> None:
        if threading.current_thread() is threading.main_thread():  # not Optuna's heartbeats
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))

    def cut_off(_: optuna.Trial) -> float:
        sqlalchemy.event.listen(opened.scoped_session.session_factory, "before_commit", lose)
        return 1.0

    context = dataclasses.replace(
        context_of(optuna.load_study(study_name="tiny", storage=opened), job), storage=opened
    )
    with pytest.raises(DatabaseAwayError, match="has not answered for 0 s; when it does, the same"):
        run_next(context, cut_off)
    assert not context.lock.is_held()


def test_a_requeued_baseline_is_still_the_baseline() -> None:
    """Even where it has no parameters in the space."""
    study = optuna.create_study()
    study.enqueue_trial({}, user_attrs={attributes.BASELINE: True})
    trial = study.ask()
    study.tell(trial, state=TrialState.FAIL)
    requeue(study, study.trials[0])
    assert study.trials[1].state is TrialState.WAITING
    assert study.trials[1].user_attrs[attributes.BASELINE]


def test_a_stop_request_raises_between_steps() -> None:
    """What the training loop calls before each optimiser step."""
    stop = StopRequest()
    stop.check()
    stop.requested = True
    with pytest.raises(InterruptedTrial, match="requeued"):
        stop.check()


def test_an_interrupted_point_comes_back_however_often(study: optuna.Study) -> None:
    """Ctrl-C is no fault of the trial."""
    memory = optuna.create_study()
    memory.enqueue_trial({"x": 0.5})
    for _ in range(MAX_RETRIES + 3):
        trial = memory.ask()
        assert trial.suggest_float("x", 0, 1) == 0.5
        memory.tell(trial, state=TrialState.FAIL)
        requeue(memory, memory.trials[trial.number])
    assert memory.trials[-1].state is TrialState.WAITING


def test_a_worker_killed_before_its_first_heartbeat_leaves_no_trial_running(
    study: optuna.Study, storage: str, job: Job
) -> None:
    """Optuna itself never calls such a trial stale, and the study would wait for it for ever."""
    opened = open_storage(storage)
    opened.create_new_trial(study._study_id)
    assert study.trials[0].state is TrialState.RUNNING
    while run_next(context_of(study, job, trials=2), lambda _: 1.0):
        pass
    assert [t.state for t in study.trials] == [TrialState.FAIL, *[TrialState.COMPLETE] * 2]


def test_suggestions_follow_from_the_number_of_the_trial(study: optuna.Study, job: Job) -> None:
    """Whichever worker makes them: two machines started at once must not draw alike."""
    for _ in range(4):
        run_next(context_of(study, job, trials=4), lambda trial: trial.suggest_float("x", 0, 1))
    values = [trial.params["x"] for trial in study.trials]
    assert len(set(values)) == 4


def test_with_all_stopped_at_the_first_rung_the_best_are_finished_at_the_end(
    study: optuna.Study, job: Job, make_objective: Callable[..., Objective]
) -> None:
    """Six stop, the best two of them run once more, to the end, on the same road."""
    study.pruner = FirstRungPruner()
    context = context_of(study, job, trials=8)
    while run_next(context, make_objective()):
        pass
    trials = read_study(study).trials
    assert [t.state for t in trials] == ["pruned"] * 6 + ["complete"] * 2
    best = [t.number for t in best_at_first_rung(study.trials[:6], context.job.watch)[:2]]
    finished = [t.user_attrs[attributes.FINISHES] for t in study.trials[6:]]
    assert finished == best
    for trial, first in zip(trials[6:], finished, strict=True):
        assert trial.config == trials[first].config
        assert trial.history[0].r2 == trials[first].history[0].r2
        assert trial.epochs == trial.planned_epochs == 3


def test_a_trial_to_finish_that_was_interrupted_is_queued_as_one(
    study: optuna.Study, job: Job, make_objective: Callable[..., Objective]
) -> None:
    """Requeued as an ordinary trial it would be stopped at its first rung once more."""
    study.pruner = FirstRungPruner()
    context = context_of(study, job, trials=4)
    for _ in range(3):
        run_next(context, make_objective())
    stop = StopRequest()
    stop.requested = True
    run_next(context, make_objective(on_step=stop.check))
    while run_next(context, make_objective()):
        pass
    states = [(t.state.name, attributes.FINISHES in t.user_attrs) for t in study.trials]
    assert states == [("PRUNED", False)] * 3 + [("FAIL", True), ("COMPLETE", True)]


def test_a_trial_that_was_queued_in_part_does_not_draw_like_the_next(
    study: optuna.Study, job: Job
) -> None:
    """The sampler's number is the trial's, not how many there are when it is claimed."""
    study.enqueue_trial({"x": 0.5})

    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)

    for _ in range(2):
        run_next(context_of(study, job, trials=2), objective)
    first, second = study.trials
    assert first.params["x"] == 0.5
    assert first.params["y"] not in second.params.values()


def test_a_queued_point_survives_a_worker_that_dies_before_it_asks_for_it() -> None:
    """Nothing was suggested yet; what it was queued with is queued once more, and what it was."""
    study = optuna.create_study()
    study.enqueue_trial({"x": 0.25}, user_attrs={attributes.FINISHES: 3})
    trial = study.ask()
    study.tell(trial, state=TrialState.FAIL)
    requeue_stale(study, study.trials[0])
    again = study.ask()
    assert again.suggest_float("x", 0, 1) == 0.25
    assert again.user_attrs[attributes.FINISHES] == 3


def test_the_baseline_runs_after_the_head_start_and_counts_as_one_trial(
    study: optuna.Study, job: Job
) -> None:
    """Whichever worker comes by then: three of them take turns here."""
    crews = [
        with_baseline(context_of(study, job, trials=2 * HEAD_START), point={"x": 0.25})
        for _ in range(3)
    ]
    turns = itertools.cycle(crews)
    while run_next(next(turns), lambda trial: trial.suggest_float("x", 0, 1)):
        pass
    trials = study.trials
    assert len(trials) == 2 * HEAD_START
    assert [t.number for t in trials if t.user_attrs.get(attributes.BASELINE)] == [HEAD_START]
    assert trials[HEAD_START].params == {"x": 0.25}


@pytest.mark.parametrize(("stops", "number"), [(False, 30), (True, HEAD_START)])
def test_a_long_study_comes_to_its_baseline_at_half_unless_it_may_stop_before(
    study: optuna.Study, job: Job, stops: bool, number: int
) -> None:
    """Of 60 trials; the score rises throughout, so that a study that may stop does not."""
    context = with_baseline(context_of(study, job, trials=60, stop="auto" if stops else "never"))
    while run_next(context, lambda trial: float(trial.number)):
        pass
    assert len(study.trials) == 60
    assert [t.number for t in study.trials if attributes.BASELINE in t.user_attrs] == [number]


def test_a_worker_comes_to_the_baseline_when_half_of_its_time_is_over(
    study: optuna.Study, job: Job
) -> None:
    """Before twenty trials, but behind the one that it had begun."""
    context = context_of(study, job, trials=500)
    assert run_next(with_baseline(context), lambda _: 1.0)
    assert run_next(with_baseline(context, half_time=0.0), lambda _: 1.0)
    assert [attributes.BASELINE in trial.user_attrs for trial in study.trials] == [False, True]


def test_where_all_stop_at_the_first_rung_the_baseline_is_one_of_the_others(
    study: optuna.Study, job: Job
) -> None:
    """It comes in the middle, and all trials to finish still find their places after it."""
    study.pruner = FirstRungPruner()
    history = [{"epoch": 1, "judged": True, "r2": {"cross_modal": 0.5, "overall": 0.5}}]

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("x", 0, 1)
        if {attributes.BASELINE, attributes.FINISHES} & set(trial.user_attrs):
            return 0.5
        trial.set_user_attr(attributes.HISTORY, history)
        raise optuna.TrialPruned

    context = with_baseline(context_of(study, job, trials=2 * HEAD_START))
    while run_next(context, objective):
        pass
    assert len(study.trials) == 2 * HEAD_START
    assert attributes.BASELINE in study.trials[HEAD_START].user_attrs
    finished = [t for t in study.trials if attributes.FINISHES in t.user_attrs]
    assert [t.number for t in finished] == list(range(2 * HEAD_START - 5, 2 * HEAD_START))


def test_a_full_study_gets_no_baseline_that_would_never_run(study: optuna.Study, job: Job) -> None:
    """Such as one that was carried over from another with all its trials."""
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=HEAD_START)
    context = with_baseline(context_of(study, job, trials=HEAD_START))
    assert not run_next(context, lambda trial: trial.suggest_float("x", 0, 1))
    assert len(study.trials) == HEAD_START
