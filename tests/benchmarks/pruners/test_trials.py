"""Where recorded curves end, and their scores."""

import numpy as np

from benchmarks.pruners.trials import Trials, in_turn
from studies.score import Watch

NAN, INF = np.nan, np.inf
METRICS = np.array(
    [
        [[0.1, 0.3], [0.2, 0.4], [0.3, 0.5]],
        [[0.1, 0.3], [NAN, 0.4], [0.3, 0.5]],
        [[0.1, 0.3], [0.2, 0.4], [0.3, -INF]],
        [[0.1, 0.3], [0.2, 0.4], [NAN, NAN]],
    ]
)


def make(**changes: object) -> Trials:
    settings: dict[str, object] = {
        "name": "four",
        "metrics": METRICS,
        "lengths": np.array([3, 3, 3, 2]),
        "rungs": [[1]] * 4,
        "watch": Watch(),
    }
    return Trials.make(**(settings | changes))


def test_a_trial_diverges_at_its_first_metric_that_is_not_finite() -> None:
    """In either metric, the last epoch included; values after a trial's length do not count."""
    trials = make()
    assert trials.ends.tolist() == [3, 2, 3, 2]
    assert trials.finishes.tolist() == [True, False, False, True]
    assert np.isnan(trials.score[1, 1:]).all()


def test_the_final_score_is_the_last_epochs_or_the_one_given() -> None:
    """A given one does not bring a diverged trial back."""
    np.testing.assert_allclose(make().final, [0.4, NAN, NAN, 0.3])
    np.testing.assert_allclose(make(final=np.full(4, 0.9)).final, [0.9, NAN, NAN, 0.9])


def test_the_score_weighs_both_metrics() -> None:
    """A metric of weight 0 is left out, as in the search, even where it is NaN."""
    np.testing.assert_allclose(make(watch=Watch(cross_modal_weight=0.25)).score[0, 0], 0.25)
    np.testing.assert_allclose(make(watch=Watch(cross_modal_weight=0.0)).score[0, 0], 0.3)


def test_trials_are_taken_in_order() -> None:
    """Together with their rungs and ends."""
    taken = make(rungs=[[1], [2], [3], [1, 2]]).take(np.array([3, 0]), "two")
    assert len(taken) == 2
    assert taken.rungs == ((1, 2), (1,))
    assert taken.ends.tolist() == [2, 3]


def test_a_stopped_trial_costs_its_epochs_and_is_not_complete() -> None:
    """A trial that is not stopped costs all epochs to its end."""
    outcome = in_turn(make(), [1, None, None, None])
    assert outcome.spent.tolist() == [1, 2, 3, 2]
    assert outcome.complete.tolist() == [False, False, False, True]
