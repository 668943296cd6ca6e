"""A declared space as Optuna's distributions, as trials suggest from them and samplers see them."""

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from space.parameters import Categorical, Float, Int, Parameter
from space.space import Space


def distributions_of(space: Space) -> dict[str, BaseDistribution]:
    """The distribution of each parameter, in the order of the space."""
    return {name: _distribution(parameter) for name, parameter in space.parameters.items()}


def _distribution(parameter: Parameter) -> BaseDistribution:
    match parameter:
        case Float():
            return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
        case Int():
            return IntDistribution(
                parameter.low, parameter.high, step=parameter.step, log=parameter.log
            )
        case Categorical():
            return CategoricalDistribution(parameter.choices)
