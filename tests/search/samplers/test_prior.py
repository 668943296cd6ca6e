"""Values around one that is believed to be good."""

import math
from collections import Counter

import numpy as np
import pytest

from search.samplers.prior import draw_near
from space.conditions import Scalar
from space.parameters import Categorical, Float, Int, Parameter

DRAWS = 4000


def draws(parameter: Parameter, centre: Scalar) -> list[Scalar]:
    rng = np.random.default_rng(0)
    return [draw_near(parameter, centre, rng) for _ in range(DRAWS)]


@pytest.mark.parametrize(
    ("parameter", "centre"),
    [
        (Float(low=0.0, high=0.5), 0.0),
        (Float(low=0.0, high=0.5), 0.5),
        (Float(low=1e-3, high=2e-2, log=True), 6e-3),
        (Float(low=1e-3, high=2e-2, log=True), 1e-3),
        (Int(low=32, high=128, step=32), 64),
        (Int(low=1, high=64, log=True), 64),
        (Categorical(choices=("mean", "gated", None)), None),
    ],
)
def test_every_value_is_one_of_the_parameter(parameter: Parameter, centre: Scalar) -> None:
    """Bounds and steps hold, also for a centre that lies on a bound."""
    drawn = draws(parameter, centre)
    assert all(map(parameter.contains, drawn))
    assert len(set(drawn)) > 1


def test_a_number_is_normal_with_a_quarter_of_the_range() -> None:
    """As far as the bounds let it."""
    drawn = np.array(draws(Float(low=-4.0, high=4.0), 0.0), dtype=float)
    # Cut at two deviations: 2 (1 - 4 φ(2) / (2 Φ(2) - 1))^½ is what is left of them.
    assert drawn.std() == pytest.approx(2 * 0.8796, rel=0.03)
    assert drawn.mean() == pytest.approx(0.0, abs=0.1)


def test_a_log_scale_is_drawn_by_ratios() -> None:
    """A quarter of the decades, not of the distance."""
    logs = np.log10(np.array(draws(Float(low=1e-4, high=1.0, log=True), 1e-2), dtype=float))
    assert logs.std() == pytest.approx(0.8796, rel=0.03)
    assert np.median(logs) == pytest.approx(-2.0, abs=0.06)


def test_a_whole_number_on_a_bound_is_the_likeliest_there() -> None:
    """Its step is as wide as any other."""
    shares = Counter(draws(Int(low=1, high=3), 1))
    assert shares[1] > shares[2] > shares[3] > 0
    expected = [math.erf(edge / math.sqrt(2)) for edge in (0.5 / 0.75, 1.5 / 0.75, 2.5 / 0.75)]
    kept = (expected[0] + expected[0]) / (expected[2] + expected[0])
    assert shares[1] / DRAWS == pytest.approx(kept, abs=0.03)


def test_a_choice_is_kept_four_times_as_often_as_another_is_taken() -> None:
    """As any single other one."""
    shares = Counter(draws(Categorical(choices=("a", "b", "c")), "b"))
    assert shares["b"] / DRAWS == pytest.approx(4 / 6, abs=0.03)
    assert shares["a"] / DRAWS == pytest.approx(1 / 6, abs=0.03)
