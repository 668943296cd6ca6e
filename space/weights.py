"""The parameters for task weights, which every preset searches."""

from collections.abc import Sequence
from typing import Final

from avq_core.config.training import MANUAL_TASK_WEIGHTS
from space.parameters import Float, Parameter

_WEIGHT_FACTOR: Final = 4.0


def weight_parameters(tasks: Sequence[str]) -> dict[str, Parameter]:
    """Parameters from a quarter to four times the manual's weight, if there are several tasks."""
    # Only ratios of weights matter, so there is nothing to search for a single task.
    if len(tasks) < 2:
        return {}
    parameters: dict[str, Parameter] = {}
    for task in tasks:
        centre = MANUAL_TASK_WEIGHTS.get(task, 1.0)
        source = "the manual's" if task in MANUAL_TASK_WEIGHTS else "an even"
        parameters[f"training.task_weights.{task}"] = Float(
            low=centre / _WEIGHT_FACTOR,
            high=centre * _WEIGHT_FACTOR,
            log=True,
            reason=f"from a quarter to four times {source} {centre}: only ratios of weights count, "
            "and at more than 16 to 1 between two tasks the smaller one hardly has an effect",
        )
    return parameters
