"""Suggests one trial's values from a space."""

from typing import Any

import optuna

from space.parameters import Categorical, Float, Int
from space.space import Space


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Asks the trial for a value of every active parameter, in the space's order.

    Returns:
        Maps dotted paths of settings to values.
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
