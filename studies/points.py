"""From a configuration back to its point in a space, and why there is none.

Task weights count relative to each other: of the factors common to all of them, the one that brings
a configuration into a space is looked for.
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
_FREE: Final = ("training.seed", "training.epochs", "training.micro_batch_size")
"""Settings that a space has nothing to do with: they follow from the study, or change no result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """A setting with which a configuration lies outside a space."""

    path: str
    reason: str
    """In words, with the path, what it is and what the space has."""


def point_of(config: Mapping[str, Any], space: Space) -> dict[str, Any] | None:
    """A configuration's coordinates in a space.

    Args:
        config: As `avq_core.config.values.to_dict` gives it.
        space: The space.

    Returns:
        Dotted path to value, or `None` where the space does not hold the configuration (`misfit`).
    """
    return coordinates(config, space) if first_misfit(config, space) is None else None


def coordinates(config: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """A configuration's value of each parameter that is searched there, whatever its bounds.

    A parameter that the configuration does not have (the weight of another data set's task) is left
    out.
    """
    held = _in_range(flat(config), space)
    return {path: held[path] for path in space.active(held) if path in held}


def misfit(config: Mapping[str, Any], space: Space) -> str | None:
    """The first setting with which a configuration lies outside a space, in words; `None` inside."""
    found = first_misfit(config, space)
    return None if found is None else found.reason


def first_misfit(config: Mapping[str, Any], space: Space) -> Misfit | None:
    """As `misfit`, with the setting's path.

    Seed, epochs and micro-batches are no matter of the space, and the data is prepared once a
    study.
    """
    held = _in_range(flat(config), space)
    for path in space.active(held):
        wanted = f"but the space searches {bounds(space.parameters[path])}"
        if path not in held:
            return Misfit(path=path, reason=f"{path} is missing, {wanted}")
        if not space.parameters[path].contains(held[path]):
            return Misfit(path=path, reason=f"{path} is {held[path]!r}, {wanted}")
    usual = _usual(held)
    for path, value in held.items():
        if path in space.parameters or path in _FREE or path.startswith("data."):
            continue
        fixed = space.fixed.get(path, usual.get(path))
        if not _same(value, fixed):
            how = "holds it at" if path in space.fixed else "leaves it at the manual's"
            reason = f"{path} is {value!r}, but the space {how} {fixed!r}"
            return Misfit(path=path, reason=reason)
    return None


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted path; the data's own, which hold mappings, too."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def bounds(parameter: Parameter) -> str:
    """What a parameter may be, in words."""
    if isinstance(parameter, Categorical):
        return f"one of {', '.join(map(repr, parameter.choices))}"
    steps = f" in steps of {parameter.step}" if isinstance(parameter, Int) else ""
    return f"{parameter.low!r} to {parameter.high!r}{steps}"


def _usual(held: Mapping[str, Any]) -> dict[str, Any]:
    """The manual's configuration for the tasks that a configuration weighs."""
    tasks = [path.removeprefix(WEIGHT_PREFIX) for path in held if path.startswith(WEIGHT_PREFIX)]
    return flat(to_dict(manual(tuple(tasks)) if tasks else manual()))


def _in_range(held: dict[str, Any], space: Space) -> dict[str, Any]:
    """The same settings under another common factor of the task weights, where that is needed.

    Weights are recorded as they are effective, scaled to the manual's sum (`search.configure`), so
    that what was suggested within its bounds may be recorded outside of them. Of the factors that
    bring all weights to where the space has them, the one nearest to 1 is taken.
    """
    weights = {path: w for path, w in held.items() if path.startswith(WEIGHT_PREFIX)}
    if not any(path in space.parameters or path in space.fixed for path in weights):
        return held
    usual = _usual(held)
    ends = {
        path: space.parameters[path].ends()
        if path in space.parameters
        else (space.fixed.get(path, usual[path]),)
        for path in weights
    }
    factors = [end / w for path, w in weights.items() if w > 0 for end in ends[path] if end]
    for factor in sorted((1.0, *factors), key=lambda f: abs(math.log(f))):
        scaled = {p: _on_an_end(w * factor, ends[p]) for p, w in weights.items()}
        if all(
            space.parameters[p].contains(w) if p in space.parameters else w == ends[p][0]
            for p, w in scaled.items()
        ):
            return held | scaled
    return held


def _on_an_end(weight: float, ends: Sequence[Any]) -> float:
    """The end that a weight equals but for rounding, else the weight itself."""
    return next((end for end in ends if _same(weight, end)), weight)


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, float) and isinstance(other, int | float):
        return math.isclose(value, other, rel_tol=1e-9)
    return bool(value == other)
