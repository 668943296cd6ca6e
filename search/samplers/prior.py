"""Values around one that is believed to be good: the prior of PriorBand (Mallik et al., 2023, section 5).

A number is normal around it, with a quarter of the range as deviation, cut at the bounds; a choice is
kept four times as likely as any single other one is taken. Pure.
"""

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from space.conditions import Scalar
from space.parameters import Categorical, Float, Parameter

_DEVIATION: Final = 0.25
"""Of a number, as a share of its range; on a log scale, of the logarithms'."""
_LOYALTY: Final = 4.0
"""How much likelier a choice is kept than any single other one is taken."""


def nearby_value(parameter: Parameter, centre: Scalar, rng: np.random.Generator) -> Scalar:
    """Draws a value of a parameter around another one.

    Args:
        parameter: What the value is of.
        centre: One of its values.
        rng: Of the draw.
    """
    if isinstance(parameter, Categorical):
        is_kept = [choice == centre for choice in parameter.choices]
        odds = np.where(is_kept, _LOYALTY, 1.0)
        return parameter.choices[rng.choice(len(odds), p=odds / odds.sum())]
    assert isinstance(centre, int | float)
    if isinstance(parameter, Float):
        drawn = _around(parameter.low, parameter.high, centre, log=parameter.log, rng=rng)
        return min(max(drawn, parameter.low), parameter.high)
    # Half a step beyond the bounds, so that these are drawn as often as any other value.
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
