"""From a configuration back to its point in a space, or the reason why it lies outside.

Only the ratios of task weights matter. So all weights may be multiplied by a common factor to bring
a configuration into a space.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avq_core.config.presets import manual
from avq_core.config.values import to_dict
from space.parameters import Categorical, Int, Parameter
from space.space import Space

WEIGHT_PREFIX: Final = "training.task_weights."
_NOT_COMPARED: Final = ("training.seed", "training.epochs", "training.micro_batch_size")
"""Settings that no space covers: the study sets them, or they do not change a result."""
_LEFT_OPEN: Final = {"training.precision": "auto"}
"""A setting that a space leaves at this value is decided for each trial, whose configuration says how."""

Point = dict[str, Any]
"""Values of settings by dotted path, each of any scalar type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """A setting that puts a configuration outside a space."""

    path: str
    reason: str
    """A sentence with the path, the value and what the space allows."""


def point_of(config: Mapping[str, Any], space: Space) -> Point | None:
    """A configuration's coordinates in a space.

    Args:
        config: As `avq_core.config.values.to_dict` gives it.
        space: The space.

    Returns:
        Dotted path to value, or `None` where the space does not hold the configuration (`misfit`).
    """
    return coordinates(config, space) if first_misfit(config, space) is None else None


def coordinates(config: Mapping[str, Any], space: Space) -> Point:
    """A configuration's value of each parameter of a space, without a check of its bounds.

    Left out is a parameter that the configuration does not have, such as the weight of another
    data set's task.
    """
    values = _in_range(flat(config), space)
    return {path: values[path] for path in space.active(values) if path in values}


def misfit(config: Mapping[str, Any], space: Space) -> str | None:
    """Why a configuration lies outside a space, by the first such setting; `None` if it lies inside."""
    first = first_misfit(config, space)
    return None if first is None else first.reason


def first_misfit(config: Mapping[str, Any], space: Space) -> Misfit | None:
    """As `misfit`, with the setting's path.

    Seed, epochs and micro-batch size are not compared, since no space covers them; nor is the data,
    which is prepared once for a study, or a precision that the space leaves open.
    """
    values = _in_range(flat(config), space)
    for path in space.active(values):
        expected = f"but the space searches {bounds(space.parameters[path])}"
        if path not in values:
            return Misfit(path=path, reason=f"{path} is missing, {expected}")
        if not space.parameters[path].contains(values[path]):
            return Misfit(path=path, reason=f"{path} is {values[path]!r}, {expected}")
    manual_values = _manual_values(values)
    for path, value in values.items():
        if path in space.parameters or path in _NOT_COMPARED or path.startswith("data."):
            continue
        fixed = space.fixed.get(path, manual_values.get(path))
        is_open = path in _LEFT_OPEN and fixed == _LEFT_OPEN[path]
        if not is_open and not _same(value, fixed):
            rule = "holds it at" if path in space.fixed else "leaves it at the manual's"
            reason = f"{path} is {value!r}, but the space {rule} {fixed!r}"
            return Misfit(path=path, reason=reason)
    return None


def flat(config: Mapping[str, Any], prefix: str = "") -> Point:
    """Nested settings by dotted path, at any depth."""
    by_path: Point = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            by_path |= flat(value, f"{prefix}{name}.")
        else:
            by_path[f"{prefix}{name}"] = value
    return by_path


def bounds(parameter: Parameter) -> str:
    """The values that a parameter may take, as text."""
    if isinstance(parameter, Categorical):
        return f"one of {', '.join(map(repr, parameter.choices))}"
    steps = f" in steps of {parameter.step}" if isinstance(parameter, Int) else ""
    return f"{parameter.low!r} to {parameter.high!r}{steps}"


def _manual_values(values: Mapping[str, Any]) -> Point:
    """The manual's settings by dotted path, for the tasks to which a configuration gives weights."""
    tasks = [path.removeprefix(WEIGHT_PREFIX) for path in values if path.startswith(WEIGHT_PREFIX)]
    return flat(to_dict(manual(tuple(tasks)) if tasks else manual()))


def _in_range(values: Point, space: Space) -> Point:
    """The same settings, with all task weights multiplied by a common factor where that is needed.

    Recorded weights are the effective ones, scaled to the manual's sum (`search.configure`). So
    weights that were suggested within their bounds may be recorded outside of them. Of the factors
    that bring all weights into the space, the one nearest to 1 is taken.
    """
    weights = {path: w for path, w in values.items() if path.startswith(WEIGHT_PREFIX)}
    if not any(path in space.parameters or path in space.fixed for path in weights):
        return values
    manual_values = _manual_values(values)
    ends = {
        path: space.parameters[path].ends()
        if path in space.parameters
        else (space.fixed.get(path, manual_values[path]),)
        for path in weights
    }
    factors = [end / w for path, w in weights.items() if w > 0 for end in ends[path] if end]
    for factor in sorted((1.0, *factors), key=lambda f: abs(math.log(f))):
        scaled = {p: _snapped_to_bound(w * factor, ends[p]) for p, w in weights.items()}
        if all(
            space.parameters[p].contains(w) if p in space.parameters else w == ends[p][0]
            for p, w in scaled.items()
        ):
            return values | scaled
    return values


def _snapped_to_bound(weight: float, ends: Sequence[Any]) -> float:
    """The bound that a weight equals up to rounding, else the weight itself."""
    return next((end for end in ends if _same(weight, end)), weight)


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, float) and isinstance(other, int | float):
        return math.isclose(value, other, rel_tol=1e-9)
    return bool(value == other)
