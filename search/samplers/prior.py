"""A prior around a value that is believed to be good: PriorBand's (Mallik et al., 2023, section 5). Pure.

A number is normal around the value, with a quarter of the range as standard deviation, truncated at the
bounds; a choice keeps the value with four times the probability of any other choice.
"""

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from space.conditions import Scalar
from space.parameters import Categorical, Float, Parameter

_DEVIATION: Final = 0.25
"""Standard deviation of a number, as a share of its range (on a log scale, of its logarithm's range)."""
_KEEP_ODDS: Final = 4.0
"""Probability that a choice keeps the value, over that of any single other choice."""


def draw_near(parameter: Parameter, centre: Scalar, rng: np.random.Generator) -> Scalar:
    """Draws a value of a parameter from the prior around a given one.

    Args:
        parameter: The parameter.
        centre: The value that is believed to be good.
        rng: Source of randomness.
    """
    if isinstance(parameter, Categorical):
        is_kept = [choice == centre for choice in parameter.choices]
        odds = np.where(is_kept, _KEEP_ODDS, 1.0)
        return parameter.choices[rng.choice(len(odds), p=odds / odds.sum())]
    assert isinstance(centre, int | float)
    if isinstance(parameter, Float):
        drawn = _around(parameter.low, parameter.high, centre, log=parameter.log, rng=rng)
        return min(max(drawn, parameter.low), parameter.high)
    # Half a step beyond the bounds, so that the bounds are drawn as often as any other value.
    half = parameter.step / 2
    low, high = parameter.low - half, parameter.high + half
    steps = round(
        (_around(low, high, centre, log=parameter.log, rng=rng) - parameter.low) / parameter.step
    )
    return min(max(parameter.low + steps * parameter.step, parameter.low), parameter.high)


def _around(
    low: float, high: float, centre: float, *, log: bool, rng: np.random.Generator
) -> float:
    if log:
        return math.exp(
            _around(math.log(low), math.log(high), math.log(centre), log=False, rng=rng)
        )
    normal = NormalDist(centre, _DEVIATION * (high - low))
    return normal.inv_cdf(rng.uniform(normal.cdf(low), normal.cdf(high)))
