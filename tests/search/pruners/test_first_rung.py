"""The best at the first rung, finished at the end."""

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from search.pruners.first_rung import best_at_first_rung, queue_best_at_first_rung
from studies.records import attributes
from studies.score import Watch

WATCH = Watch()


def add(study: optuna.Study, pair: tuple[float, float], **noted: object) -> None:
    """A trial that was stopped at its first rung with these two R²."""
    r2 = dict(zip(("cross_modal", "overall"), pair, strict=True))
    history = [{"epoch": 1, "judged": False, "r2": r2}, {"epoch": 2, "judged": True, "r2": r2}]
    study.add_trial(
        create_trial(
            state=TrialState.PRUNED,
            params={"optim.lr": 0.1},
            distributions={"optim.lr": FloatDistribution(0, 1)},
            user_attrs={attributes.HISTORY: history} | noted,
        )
    )


@pytest.fixture
def memory() -> optuna.Study:
    """An in-memory study of fourteen stopped trials, each better than the one before."""
    study = optuna.create_study(direction="maximize")
    for number in range(14):
        add(study, (number / 100, number / 100))
    return study


def test_the_front_goes_first_then_the_score(memory: optuna.Study) -> None:
    """Best in one metric comes before second best in both."""
    add(memory, (0.9, -0.5))
    add(memory, (float("nan"), 0.9))
    order = [trial.number for trial in best_at_first_rung(memory.trials, WATCH)]
    assert order[:4] == [14, 13, 12, 11]
    assert 15 not in order


def test_trials_to_finish_are_queued_once_only_their_places_are_left(memory: optuna.Study) -> None:
    """Fourteen of nineteen trials are spent: the last five places are theirs, and only once."""
    assert not queue_best_at_first_rung(memory, total=20, watch=WATCH)
    assert len(memory.trials) == 14
    for _ in range(2):
        assert not queue_best_at_first_rung(memory, total=18, watch=WATCH)
    queued = [trial.user_attrs[attributes.FINISHES] for trial in memory.trials[14:]]
    assert queued == [13, 12, 11, 10]


def test_whoever_asks_waits_for_those_on_their_way(memory: optuna.Study) -> None:
    """The best of all is clear only when all have reached the rung."""
    memory.add_trial(create_trial(state=TrialState.RUNNING))
    assert queue_best_at_first_rung(memory, total=19, watch=WATCH)
    assert len(memory.trials) == 15


def test_nobody_waits_for_the_baseline(memory: optuna.Study) -> None:
    """It is no rival at the first rung, and takes much longer to get there."""
    baseline = create_trial(state=TrialState.RUNNING, user_attrs={attributes.BASELINE: True})
    memory.add_trial(baseline)
    assert not queue_best_at_first_rung(memory, total=20, watch=WATCH)
    assert [t.user_attrs[attributes.FINISHES] for t in memory.trials[15:]] == [13, 12, 11, 10, 9]


def test_one_that_was_finished_is_not_finished_again(memory: optuna.Study) -> None:
    """A study that is given more trials finishes the next ones."""
    memory.add_trial(
        create_trial(state=TrialState.COMPLETE, value=1.0, user_attrs={attributes.FINISHES: 13})
    )
    assert best_at_first_rung(memory.trials, WATCH)[0].number == 12
