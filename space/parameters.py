"""Parameters of a space: a float or an integer between bounds, or one of several choices."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from avq_core.config.constraints import (
    CHOICES,
    EXPECTED,
    FINITE,
    NO_BOOL,
    SETTING,
    Expected,
    Flag,
    PositiveInt,
    instance_of,
    mismatch,
)
from avq_core.config.messages import Wording
from avq_core.config.settings import Settings
from space.conditions import Condition, Scalar, is_number, is_one_of
from space.errors import SpaceError

MAX_LISTED: Final = 10_000
"""`Int.values` lists at most this many values."""
_SINGLE: Final = "put a setting with a single value under 'fixed'"

_Number = Annotated[float, FINITE, NO_BOOL, Expected("a finite number")]
_Integer = Annotated[int, Field(strict=True), Expected("an integer")]
_Reason = Annotated[str, Expected("a sentence")]


def _check_choices(choices: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    # Compared as the storage does, so that 1, 1.0 and True are the same choice.
    if len(choices) < 2 or len(set(choices)) != len(choices):
        raise mismatch((), list(choices), f"at least two different values; {_SINGLE}")
    return choices


class _Parameter(Settings, frozen=True):
    wording: ClassVar[Wording] = Wording(noun="key", whole="a parameter", error=SpaceError)

    def to_dict(self) -> dict[str, Any]:
        """The parameter as plain values, without an empty condition."""
        plain = self.model_dump(mode="json")
        return plain if plain["when"] else {k: v for k, v in plain.items() if k != "when"}


class Float(_Parameter, frozen=True):
    """A number between two bounds, both included."""

    type: Literal["float"] = "float"
    """The parameter's type in a file."""
    low: _Number
    """Lowest value; > 0 on a log scale."""
    high: _Number
    """Highest value, greater than `low`."""
    log: Flag = False
    """Whether values are drawn uniformly on a log scale."""
    reason: _Reason = ""
    """Why these bounds were chosen: a sentence or a source."""
    when: Condition = Field(default_factory=dict)
    """Searched only if each other searched setting, by its path, has one of the given values."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_order(self.low, self.high)
        if self.log and self.low <= 0:
            raise mismatch("low", self.low, "a number > 0 on a log scale")
        return self

    def contains(self, value: object) -> bool:
        """Whether the value lies within the bounds."""
        return is_number(value) and self.low <= value <= self.high  # type: ignore[operator]

    def ends(self) -> tuple[float, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def values(self) -> tuple[float, ...] | None:
        """`None`, since the values cannot be listed."""
        return None


class Int(_Parameter, frozen=True):
    """An integer between two bounds, both included."""

    type: Literal["int"] = "int"
    """The parameter's type in a file."""
    low: _Integer
    """Lowest value; >= 1 on a log scale."""
    high: _Integer
    """Highest value, greater than `low` by a multiple of `step`."""
    step: PositiveInt = 1
    """Distance between neighbouring values, >= 1; 1 on a log scale."""
    log: Flag = False
    """Whether values are drawn uniformly on a log scale."""
    reason: _Reason = ""
    """Why these bounds were chosen: a sentence or a source."""
    when: Condition = Field(default_factory=dict)
    """Searched only if each other searched setting, by its path, has one of the given values."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_order(self.low, self.high)
        beyond = (self.high - self.low) % self.step
        if beyond != 0:
            below = self.high - beyond
            expected = (
                f"{below} or {below + self.step}, which steps of {self.step} from {self.low} reach"
            )
            raise mismatch("high", self.high, expected)
        if self.log and self.low < 1:
            raise mismatch("low", self.low, "an integer >= 1 on a log scale")
        if self.log and self.step != 1:
            raise mismatch("step", self.step, "none on a log scale")
        return self

    def contains(self, value: object) -> bool:
        """Whether the value lies within the bounds, a whole number of steps from `low`."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.low <= value <= self.high and (value - self.low) % self.step == 0

    def ends(self) -> tuple[int, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def values(self) -> tuple[int, ...] | None:
        """All values in ascending order; `None` if there are more than `MAX_LISTED`."""
        span = range(self.low, self.high + 1, self.step)
        return tuple(span) if len(span) <= MAX_LISTED else None


class Categorical(_Parameter, frozen=True):
    """One of several values without an order."""

    type: Literal["categorical"] = "categorical"
    """The parameter's type in a file."""
    choices: Annotated[
        tuple[Scalar, ...],
        instance_of((list, tuple), "a list of values"),
        AfterValidator(_check_choices),
    ]
    """At least two different values. Their order is part of the parameter: storages keep indices."""
    reason: _Reason = ""
    """Why these choices: a sentence or a source."""
    when: Condition = Field(default_factory=dict)
    """Searched only if each other searched setting, by its path, has one of the given values."""

    def contains(self, value: object) -> bool:
        """Whether the value is one of the choices."""
        return is_one_of(value, self.choices)

    def ends(self) -> tuple[Scalar, ...]:
        """All choices, since none lies between others."""
        return self.choices

    def values(self) -> tuple[Scalar, ...] | None:
        """All choices."""
        return self.choices


Parameter = Float | Int | Categorical

_TYPES: Final[Mapping[str, type[Float] | type[Int] | type[Categorical]]] = {
    "float": Float,
    "int": Int,
    "categorical": Categorical,
}


def parameter_of(values: object) -> Parameter:
    """Builds a parameter from plain values, the inverse of `to_dict`, inside a model's validation.

    Raises:
        SpaceError: An unknown or missing key, or a value that the parameter cannot have.
        PydanticCustomError: No mapping, or no known type.
    """
    if isinstance(values, Parameter):
        return values
    if not isinstance(values, Mapping):
        words = "type and bounds by name"
        raise PydanticCustomError(EXPECTED, "expected {expected}", {EXPECTED: words})
    kind = values.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        context = {SETTING: ("type",), "got": kind, CHOICES: tuple(_TYPES)}
        raise PydanticCustomError(CHOICES, "expected one of {choices}", context)
    return _TYPES[kind].parse(values)


def _check_order(low: float, high: float) -> None:
    if not low < high:
        raise mismatch("low", low, f"less than high = {high!r}; {_SINGLE}")
