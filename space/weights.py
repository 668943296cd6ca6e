"""The task weights, which every preset searches."""

from collections.abc import Mapping, Sequence
from typing import Final

from space.parameters import Float, Parameter

MANUAL_WEIGHTS: Final[Mapping[str, float]] = {
    "lip_sync": 0.8,
    "expression": 1.2,
    "audio_quality": 1.0,
    "cross_modal": 1.5,
    "overall": 1.3,
}
"""Where the manual's task weights lie; a task that it does not know weighs 1."""
_WEIGHT_FACTOR: Final = 4.0


def weight_parameters(tasks: Sequence[str]) -> dict[str, Parameter]:
    """A factor of four either way of the manual's weight, for each of several tasks."""
    # Weights count relative to each other: a single one has nothing to be relative to.
    if len(tasks) < 2:
        return {}
    found: dict[str, Parameter] = {}
    for task in tasks:
        centre = MANUAL_WEIGHTS.get(task, 1.0)
        source = "the manual's" if task in MANUAL_WEIGHTS else "an even"
        found[f"training.task_weights.{task}"] = Float(
            low=centre / _WEIGHT_FACTOR,
            high=centre * _WEIGHT_FACTOR,
            log=True,
            reason=f"a factor of four either way of {source} {centre}: only ratios of weights "
            "count, and beyond 16 to 1 between two tasks one of them is as good as left out",
        )
    return found
