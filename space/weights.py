"""The task weights, which every preset searches."""

from collections.abc import Sequence
from typing import Final

from avq_core.config.training import MANUAL_TASK_WEIGHTS
from space.parameters import Float, Parameter

_WEIGHT_FACTOR: Final = 4.0


def weight_parameters(tasks: Sequence[str]) -> dict[str, Parameter]:
    """A factor of four either way of the manual's weight, for each of several tasks."""
    # Weights count relative to each other: a single one has nothing to be relative to.
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
            reason=f"a factor of four either way of {source} {centre}: only ratios of weights "
            "count, and beyond 16 to 1 between two tasks one of them is as good as left out",
        )
    return parameters
