"""When a study trains the manual's configuration."""

import optuna
import pytest
from optuna.trial import TrialState

from search.queue.baseline import (
    HEAD_START,
    baseline_point,
    comes_first,
    head_start,
    is_due,
    queue_baseline,
)
from space.presets import preset
from studies import records


@pytest.fixture
def memory() -> optuna.Study:
    """An empty study in memory."""
    return optuna.create_study(direction="maximize")


def run(study: optuna.Study, num: int) -> None:
    """Trials of one parameter."""
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=num)


def test_the_search_has_a_head_start_that_a_short_study_has_not() -> None:
    """What is handed over runs first too, and must not push the baseline out of the study."""
    assert comes_first(2 * HEAD_START - 1, num_handed=0)
    assert not comes_first(2 * HEAD_START, num_handed=0)
    assert comes_first(2 * HEAD_START, num_handed=1)


@pytest.mark.parametrize(
    ("total", "may_stop", "expected"), [(40, False, 20), (201, False, 100), (200, True, 20)]
)
def test_half_of_a_study_comes_before_it(total: int, may_stop: bool, expected: int) -> None:
    """Not of one that may be over by then: it would end with nothing to be compared with."""
    assert head_start(total, may_stop=may_stop) == expected


def test_it_is_due_when_half_of_the_time_is_over(memory: optuna.Study) -> None:
    """Or the study might end with nothing to be compared with; once all the same."""
    assert is_due(memory.trials, after=HEAD_START, is_late=True)
    queue_baseline(memory, {})
    assert not is_due(memory.trials, after=HEAD_START, is_late=True)


def test_it_is_due_once_after_the_head_start(memory: optuna.Study) -> None:
    """Then never again, however it ended: a baseline that kills its workers is given up."""
    run(memory, HEAD_START - 1)
    assert not is_due(memory.trials, after=HEAD_START)
    run(memory, 1)
    assert is_due(memory.trials, after=HEAD_START)
    queue_baseline(memory, {})
    assert not is_due(memory.trials, after=HEAD_START)
    memory.tell(memory.ask(), state=TrialState.FAIL)
    assert memory.trials[-1].user_attrs == {records.BASELINE: True}
    assert not is_due(memory.trials, after=HEAD_START)


def test_queued_points_count_and_failed_trials_do_not(memory: optuna.Study) -> None:
    """The queue is first come, first served: what is queued will have run by then."""
    run(memory, HEAD_START - 2)
    memory.tell(memory.ask(), state=TrialState.FAIL)
    memory.enqueue_trial({"x": 0.5})
    assert not is_due(memory.trials, after=HEAD_START)
    memory.enqueue_trial({"x": 0.6})
    assert is_due(memory.trials, after=HEAD_START)


def test_its_point_is_the_manuals_where_the_space_holds_it() -> None:
    """And none where it does not, as in a CPU's spaces."""
    tasks = ("lip_sync", "overall")
    point = baseline_point(preset("full", tasks), tasks=tasks, epochs=30, seed=0)
    assert (point["model.hidden_dim"], point["model.num_layers"]) == (512, 6)
    assert baseline_point(preset("small", tasks), tasks=tasks, epochs=30, seed=0) == {}
