"""What one setting may be: a float or an integer between bounds, or one of several choices."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from space.conditions import Condition, Scalar, checked_condition, is_number, is_scalar
from space.errors import SpaceError

MAX_LISTED: Final = 10_000
"""An integer range with more values than this counts as too many to list."""


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_flag(value: object) -> None:
    if not isinstance(value, bool):
        raise SpaceError(f"log is {value!r}, expected true or false")


def _check_order(low: float, high: float) -> None:
    if not low < high:
        raise SpaceError(
            f"low is {low!r} and high is {high!r}, expected low < high; "
            "put a setting with a single value under 'fixed'"
        )


def _check_reason(reason: object) -> None:
    if not isinstance(reason, str):
        raise SpaceError(f"reason is {reason!r}, expected a sentence")


def _plain(parameter: "Parameter") -> dict[str, Any]:
    """A parameter's fields; without a condition where it has none."""
    plain = dataclasses.asdict(parameter)
    if "choices" in plain:
        plain["choices"] = list(plain["choices"])
    when = {path: list(values) for path, values in plain.pop("when").items()}
    return plain | ({"when": when} if when else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Float:
    """A number between two bounds, both of which belong to it."""

    low: float
    """Lowest value; > 0 on a log scale."""
    high: float
    """Highest value, greater than `low`."""
    log: bool = False
    """Whether ratios, not differences, matter: drawn evenly in the logarithm."""
    reason: str = ""
    """Why these bounds: a sentence or a source."""
    when: Condition = field(default_factory=dict)
    """Searched only where another searched setting, named by its path, has one of these values."""

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = getattr(self, name)
            if not is_number(value):
                raise SpaceError(f"{name} is {value!r}, expected a finite number")
            # 1 and 1.0 are one bound, and must have one fingerprint.
            object.__setattr__(self, name, float(value))
        _check_order(self.low, self.high)
        _check_flag(self.log)
        if self.log and self.low <= 0:
            raise SpaceError(f"low is {self.low!r}, expected a number > 0 on a log scale")
        _check_reason(self.reason)
        object.__setattr__(self, "when", checked_condition(self.when))

    def contains(self, value: object) -> bool:
        """Whether the value lies within the bounds."""
        return is_number(value) and self.low <= value <= self.high  # type: ignore[operator]

    def ends(self) -> tuple[float, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def values(self) -> tuple[float, ...] | None:
        """`None`: there is no end of them."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """The parameter as plain values."""
        return {"type": "float", **_plain(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Int:
    """A whole number between two bounds, both of which belong to it."""

    low: int
    """Lowest value; >= 1 on a log scale."""
    high: int
    """Highest value, greater than `low` by a multiple of `step`."""
    step: int = 1
    """Distance of neighbouring values, >= 1; 1 on a log scale."""
    log: bool = False
    """Whether ratios, not differences, matter: drawn evenly in the logarithm."""
    reason: str = ""
    """Why these bounds: a sentence or a source."""
    when: Condition = field(default_factory=dict)
    """Searched only where another searched setting, named by its path, has one of these values."""

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if not _is_int(value):
                raise SpaceError(f"{name} is {value!r}, expected a whole number")
        _check_order(self.low, self.high)
        _check_flag(self.log)
        if self.step < 1:
            raise SpaceError(f"step is {self.step!r}, expected a whole number >= 1")
        if (self.high - self.low) % self.step != 0:
            reachable = self.high - (self.high - self.low) % self.step
            raise SpaceError(
                f"high is {self.high!r}, which steps of {self.step} from {self.low} do not reach; "
                f"expected {reachable} or {reachable + self.step}"
            )
        if self.log and (self.low < 1 or self.step != 1):
            raise SpaceError(
                f"low is {self.low!r} with step {self.step!r}, "
                "expected low >= 1 and no step on a log scale"
            )
        _check_reason(self.reason)
        object.__setattr__(self, "when", checked_condition(self.when))

    def contains(self, value: object) -> bool:
        """Whether the value lies within the bounds, a whole number of steps from `low`."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.low <= value <= self.high and (value - self.low) % self.step == 0

    def ends(self) -> tuple[int, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def values(self) -> tuple[int, ...] | None:
        """All values in rising order; `None` where there are more than `MAX_LISTED`."""
        span = range(self.low, self.high + 1, self.step)
        return tuple(span) if len(span) <= MAX_LISTED else None

    def to_dict(self) -> dict[str, Any]:
        """The parameter as plain values."""
        return {"type": "int", **_plain(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Categorical:
    """One of several values that have no order among them."""

    choices: tuple[Scalar, ...]
    """At least two different values. Their order is part of the parameter: storages keep indices."""
    reason: str = ""
    """Why these choices: a sentence or a source."""
    when: Condition = field(default_factory=dict)
    """Searched only where another searched setting, named by its path, has one of these values."""

    def __post_init__(self) -> None:
        if isinstance(self.choices, str) or not isinstance(self.choices, list | tuple):
            raise SpaceError(f"choices is {self.choices!r}, expected a list of values")
        object.__setattr__(self, "choices", tuple(self.choices))
        for choice in self.choices:
            if not is_scalar(choice):
                raise SpaceError(
                    f"choices hold {choice!r}, expected finite numbers, words, true, false or null"
                )
        # By ==, as the storage compares them: 1, 1.0 and True are one choice.
        if len(self.choices) < 2 or len(set(self.choices)) != len(self.choices):
            raise SpaceError(
                f"choices are {list(self.choices)!r}, expected at least two different values; "
                "put a setting with a single value under 'fixed'"
            )
        _check_reason(self.reason)
        object.__setattr__(self, "when", checked_condition(self.when))

    def contains(self, value: object) -> bool:
        """Whether the value is one of the choices."""
        return any(
            value == choice and isinstance(value, bool) == isinstance(choice, bool)
            for choice in self.choices
        )

    def ends(self) -> tuple[Scalar, ...]:
        """All choices: none lies between others."""
        return self.choices

    def values(self) -> tuple[Scalar, ...] | None:
        """All choices."""
        return self.choices

    def to_dict(self) -> dict[str, Any]:
        """The parameter as plain values."""
        return {"type": "categorical", **_plain(self)}


Parameter = Float | Int | Categorical

TYPES: Final[Mapping[str, type[Float] | type[Int] | type[Categorical]]] = {
    "float": Float,
    "int": Int,
    "categorical": Categorical,
}


def parameter_from_dict(values: object) -> Parameter:
    """Builds a parameter from plain values; the inverse of `to_dict`.

    Raises:
        SpaceError: An unknown or missing key, or a value that the parameter cannot have.
    """
    if not isinstance(values, Mapping):
        raise SpaceError(f"got {values!r}, expected type and bounds by name")
    kind = values.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise SpaceError(f"type is {kind!r}, expected one of {', '.join(TYPES)}")
    specs = dataclasses.fields(TYPES[kind])
    known = [spec.name for spec in specs]
    for name in values:
        if name != "type" and name not in known:
            raise SpaceError(f"unknown key {name!r}, expected one of type, {', '.join(known)}")
    for spec in specs:
        required = spec.default is spec.default_factory is dataclasses.MISSING
        if required and spec.name not in values:
            raise SpaceError(f"{spec.name} is missing, expected with type {kind}")
    return TYPES[kind](**{name: value for name, value in values.items() if name != "type"})
