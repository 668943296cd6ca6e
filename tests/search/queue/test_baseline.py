"""When a study trains the manual's configuration, and for how long."""

import dataclasses

import optuna
import pytest
from optuna.trial import TrialState

from search.job import Job
from search.queue.baseline import HEAD_START, BaselinePolicy, baseline_epochs, trained_baseline
from space.presets import preset
from studies.records import attributes

SHORT = BaselinePolicy(total=2 * HEAD_START - 1)
LONG = BaselinePolicy(total=2 * HEAD_START)


@pytest.fixture
def memory() -> optuna.Study:
    """An empty study in memory."""
    return optuna.create_study(direction="maximize")


def run(study: optuna.Study, num: int) -> None:
    """Trials of one parameter."""
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=num)


def test_the_search_has_a_head_start_that_a_short_study_has_not() -> None:
    """What is queued on request runs first too, and must not push the baseline out of the study."""
    assert SHORT.is_due_at_opening([], num_queued=0)
    assert not LONG.is_due_at_opening([], num_queued=0)
    assert LONG.is_due_at_opening([], num_queued=1)


def test_a_baseline_that_failed_is_tried_again_by_the_next_command(memory: optuna.Study) -> None:
    """Which a user may give with what it lacked; not while one waits, nor where all trials are done."""
    LONG.queue(memory)
    assert not LONG.is_due_at_opening(memory.trials, num_queued=0)
    memory.tell(memory.ask(), state=TrialState.FAIL)
    assert LONG.is_due_at_opening(memory.trials, num_queued=0)
    run(memory, 2)
    assert not BaselinePolicy(total=2).is_due_at_opening(memory.trials, num_queued=0)


@pytest.mark.parametrize(
    ("total", "may_stop", "expected"), [(40, False, 20), (201, False, 100), (200, True, 20)]
)
def test_half_of_a_study_comes_before_it(total: int, may_stop: bool, expected: int) -> None:
    """Not of one that may be over by then: it would end with nothing to be compared with."""
    assert BaselinePolicy(total=total, may_stop=may_stop).head_start == expected


def test_it_is_due_when_half_of_the_time_is_over(memory: optuna.Study) -> None:
    """Or the study might end with nothing to be compared with; once all the same."""
    policy = BaselinePolicy(total=100, half_time=50.0)
    assert not policy.is_due(memory.trials, now=50.0)
    assert policy.is_due(memory.trials, now=51.0)
    policy.queue(memory)
    assert not policy.is_due(memory.trials, now=51.0)


def test_it_is_due_once_after_the_head_start(memory: optuna.Study) -> None:
    """Then never again, however it ended: a baseline that kills its workers is given up."""
    run(memory, HEAD_START - 1)
    assert not LONG.is_due(memory.trials)
    run(memory, 1)
    assert LONG.is_due(memory.trials)
    LONG.queue(memory)
    assert not LONG.is_due(memory.trials)
    memory.tell(memory.ask(), state=TrialState.FAIL)
    assert memory.trials[-1].user_attrs == {attributes.BASELINE: True}
    assert not LONG.is_due(memory.trials)


def test_queued_points_count_and_failed_trials_do_not(memory: optuna.Study) -> None:
    """The queue is first come, first served: what is queued will have run by then."""
    run(memory, HEAD_START - 2)
    memory.tell(memory.ask(), state=TrialState.FAIL)
    memory.enqueue_trial({"x": 0.5})
    assert not LONG.is_due(memory.trials)
    memory.enqueue_trial({"x": 0.6})
    assert LONG.is_due(memory.trials)


def test_a_full_study_gets_none_that_would_never_run(memory: optuna.Study) -> None:
    """A running trial holds its place too."""
    run(memory, 2 * HEAD_START - 1)
    assert LONG.is_due(memory.trials)
    memory.ask()
    assert not LONG.is_due(memory.trials)


def test_a_study_without_it_says_with_which_total_it_comes_to_train_it(
    memory: optuna.Study,
) -> None:
    """Its own place beside all that is finished or waits; a baseline that waits has its place."""
    run(memory, 3)
    memory.enqueue_trial({"x": 0.5})
    assert BaselinePolicy(total=3).total_needed(memory.trials) == 5
    assert BaselinePolicy(total=9).total_needed(memory.trials) == 9
    SHORT.queue(memory)
    assert BaselinePolicy(total=3).total_needed(memory.trials) == 5
    assert not trained_baseline(memory.trials)


def test_a_baseline_counts_as_trained_when_it_has_finished() -> None:
    """One that waits or failed gives nothing to compare with."""
    study = optuna.create_study(direction="maximize")
    LONG.queue(study)
    trial = study.ask()
    assert not trained_baseline(study.trials)
    study.tell(trial, 0.5)
    assert trained_baseline(study.trials)


@pytest.mark.parametrize(
    ("asked", "epochs", "on_cpu", "expected"),
    [(None, 30, False, 30), (None, 30, True, 10), (None, 3, True, 3), (40, 30, True, 40)],
)
def test_on_a_cpu_it_gets_one_cycle_unless_more_is_asked_for(
    asked: int | None, epochs: int, on_cpu: bool, expected: int
) -> None:
    """An epoch of it costs what ten of a small network cost there."""
    assert baseline_epochs(asked, epochs, on_cpu=on_cpu) == expected


def test_its_point_is_the_manuals_where_the_space_holds_it(job: Job) -> None:
    """And none where it does not, as in a CPU's spaces."""
    tasks = ("lip_sync", "overall")

    def policy(space: str) -> BaselinePolicy:
        own = dataclasses.replace(job, space=preset(space, tasks), epochs=30, baseline_epochs=30)
        return BaselinePolicy.of(own, tasks=tasks, now=0.0)

    point = policy("full").point
    assert (point["model.hidden_dim"], point["model.num_layers"]) == (512, 6)
    assert policy("small").point == {}


def test_the_policy_follows_from_the_studys_settings(job: Job) -> None:
    """Total, early stop and the middle of the time that is left."""
    own = dataclasses.replace(job, trials=90, stop="auto", deadline=300.0)
    policy = BaselinePolicy.of(own, tasks=("cross_modal", "overall"), now=100.0)
    assert (policy.total, policy.may_stop, policy.half_time) == (90, True, 200.0)
