"""What ended trials say: pruned ones, parameters that do not matter, outliers."""

from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.samplers.observations import forecast, observations
from space.parameters import Categorical, Float, Int
from space.space import Space
from studies.distributions import distributions_of
from studies.records import attributes

SPACE = Space(
    name="conditional",
    epochs=2,
    parameters={
        "model.max_lag": Categorical(choices=(0, 15)),
        "model.lag_channels": Int(low=2, high=8, when={"model.max_lag": (15,)}),
        "optim.lr": Float(low=1e-4, high=1e-2, log=True),
    },
)


def make_trial(
    value: float | None,
    reports: dict[int, float] | None = None,
    *,
    params: dict[str, Any] | None = None,
    baseline: bool = False,
) -> FrozenTrial:
    """A complete trial of the value, or a pruned one without."""
    point = {"model.max_lag": 0, "optim.lr": 1e-3} if params is None else params
    return create_trial(
        state=TrialState.PRUNED if value is None else TrialState.COMPLETE,
        value=value,
        params=point,
        distributions={n: d for n, d in distributions_of(SPACE).items() if n in point},
        intermediate_values=reports or {},
        user_attrs={attributes.BASELINE: True} if baseline else {},
    )


def gathered(*trials: FrozenTrial) -> list[tuple[dict[str, Any], float]]:
    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    return [(item.point, item.score) for item in observations(study.trials, SPACE)]


def test_a_parameter_that_does_not_matter_has_one_value() -> None:
    """Points without it agree in it; where it matters it keeps its own."""
    with_lag = {"model.max_lag": 15, "model.lag_channels": 5, "optim.lr": 1e-2}
    (first, _), (second, _) = gathered(make_trial(0.3), make_trial(0.4, params=with_lag))
    assert first == {"model.max_lag": 0, "model.lag_channels": 2, "optim.lr": 1e-3}
    assert second == with_lag


def test_a_trial_outside_the_space_is_no_observation_of_it() -> None:
    """The manual's, where the space does not hold it; and its epochs are not those of others."""
    manual = make_trial(0.9, {2: 0.0}, params={}, baseline=True)
    assert gathered(manual, make_trial(None, {2: 0.1})) == [
        ({"model.max_lag": 0, "model.lag_channels": 2, "optim.lr": 1e-3}, 0.1)
    ]


def test_a_pruned_trial_counts_with_what_it_would_have_reached() -> None:
    """By those that went on from the same epoch."""
    others = [make_trial(0.4, {2: 0.1}), make_trial(0.5, {2: 0.2}), make_trial(0.6, {2: 0.3})]
    scores = [score for _, score in gathered(*others, make_trial(None, {1: 0.0, 2: 0.05}))]
    assert scores[-1] == pytest.approx(0.35)


def test_a_trial_that_was_never_judged_counts_as_the_worst() -> None:
    """Diverged at once, or too large for the device."""
    scores = [score for _, score in gathered(make_trial(0.4), make_trial(0.1), make_trial(None))]
    assert scores == [0.4, 0.1, 0.1]


def test_one_collapse_does_not_flatten_the_rest() -> None:
    """An R² of -40 counts as Tukey's lower fence."""
    scores = [score for _, score in gathered(*map(make_trial, (0.1, 0.2, 0.3, 0.4, -40.0)))]
    assert scores == pytest.approx([0.1, 0.2, 0.3, 0.4, -0.2])


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], 0.1),
        ([(0.2, 0.5)], 0.5),
        # Whoever was better at the epoch was worse in the end: chance, not a law.
        ([(0.0, 0.9), (0.1, 0.6), (0.2, 0.3)], 0.6),
        # No forecast exceeds the best score reached.
        ([(-0.2, 0.1), (-0.1, 0.3), (0.0, 0.5)], 0.5),
    ],
)
def test_forecasts_stay_sober(others: list[tuple[float, float]], expected: float) -> None:
    """With nothing to go by, with chance slopes, beyond what was seen."""
    assert forecast(0.1, others) == pytest.approx(expected)


def test_no_trials_are_no_observations() -> None:
    """A study that has just begun."""
    assert gathered() == []
