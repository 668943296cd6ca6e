"""From a declared space to one trial's values."""

from collections.abc import Mapping
from typing import Any

import optuna

from space.parameters import Categorical, Float, Int
from space.space import Space


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Asks the trial for a value of every parameter that matters there, in the space's order.

    Returns:
        Dotted path of a setting to its value.
    """
    values: dict[str, Any] = {}
    for name, parameter in space.parameters.items():
        if name not in space.active(values):
            continue
        match parameter:
            case Float():
                values[name] = trial.suggest_float(
                    name, parameter.low, parameter.high, log=parameter.log
                )
            case Int():
                values[name] = trial.suggest_int(
                    name, parameter.low, parameter.high, step=parameter.step, log=parameter.log
                )
            case Categorical():
                values[name] = trial.suggest_categorical(name, list(parameter.choices))
    return values


def point_of(config: Mapping[str, Any], space: Space) -> dict[str, Any] | None:
    """A configuration's coordinates in a space.

    Args:
        config: As `avq_core.config_values.to_dict` gives it.
        space: The space.

    Returns:
        Dotted path to value, or `None` where the space does not hold the configuration: a value
        out of bounds, or a fixed setting that differs.
    """
    whole = {name: _at(config, name) for name in space.parameters}
    point = {name: whole[name] for name in space.active(whole)}
    fixed_agree = all(_at(config, name) == value for name, value in space.fixed.items())
    return point if fixed_agree and space.contains(point) else None


def _at(config: Mapping[str, Any], path: str) -> Any:
    node: Any = config
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
