"""Parameters: what they hold, what they turn away, and that they survive being written down."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from space.errors import SpaceError
from space.parameters import Categorical, Float, Int, Parameter
from space.space import Space

FINITE = st.floats(-1e300, 1e300)


@st.composite
def floats(draw: st.DrawFn) -> Float:
    log = draw(st.booleans())
    bound = st.floats(1e-300, 1e300) if log else FINITE
    low, high = sorted(draw(st.tuples(bound, bound).filter(lambda pair: pair[0] != pair[1])))
    return Float(low=low, high=high, log=log, reason=draw(st.text(max_size=9)))


@st.composite
def ints(draw: st.DrawFn) -> Int:
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -50, 50))
    step = 1 if log else draw(st.integers(1, 9))
    return Int(low=low, high=low + step * draw(st.integers(1, 40)), step=step, log=log)


def categoricals() -> st.SearchStrategy[Categorical]:
    scalar = st.none() | st.booleans() | st.integers(-9, 9) | FINITE | st.text(max_size=5)
    choices = st.lists(scalar, min_size=2, max_size=6, unique=True)
    return choices.map(lambda found: Categorical(choices=tuple(found)))


PARAMETERS = floats() | ints() | categoricals()


@given(PARAMETERS)
def test_ends_and_values_are_contained(parameter: Parameter) -> None:
    """Whatever a parameter says of itself lies within it."""
    for value in (*parameter.ends(), *(parameter.values() or ())):
        assert parameter.contains(value)


@given(PARAMETERS)
def test_survives_being_written_down(parameter: Parameter) -> None:
    """The inverse of `to_dict` gives the same parameter."""
    assert type(parameter).parse(parameter.to_dict()) == parameter


@given(ints(), st.integers(-60, 500))
def test_int_contains_its_values_and_no_other(parameter: Int, value: int) -> None:
    """Membership and the list of values agree."""
    values = parameter.values()
    assert values is not None
    assert parameter.contains(value) == (value in values)


@given(floats(), FINITE)
def test_float_contains_what_lies_between_its_ends(parameter: Float, value: float) -> None:
    """Both bounds belong to it, and nothing beyond them."""
    assert parameter.contains(value) == (parameter.low <= value <= parameter.high)


@pytest.mark.parametrize("value", [True, None, "2", float("nan"), float("inf"), [2]])
def test_numbers_contain_no_other_kinds(value: object) -> None:
    """A truth value, a word, a NaN or a list is no number, even where Python would compare it."""
    assert not Float(low=0, high=3).contains(value)
    assert not Int(low=0, high=3).contains(value)


def test_categorical_tells_true_from_one() -> None:
    """Python's `True == 1` does not make one of them the other's choice."""
    assert not Categorical(choices=(1, 2)).contains(True)
    assert Categorical(choices=("mean", None)).contains(None)


def test_float_bounds_become_floats() -> None:
    """1 and 1.0 are one bound."""
    assert Float(low=1, high=2) == Float(low=1.0, high=2.0)
    assert isinstance(Float(low=1, high=2).low, float)


def test_values_of_a_long_range_are_not_listed() -> None:
    """Nobody wants a million values; `None` says that there are too many."""
    assert Int(low=1, high=1_000_000).values() is None


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Float, {"low": 2, "high": 1}, r"low is 2\.0, expected less than high = 1\.0"),
        (Float, {"low": 1, "high": 1}, r"put a setting with a single value under 'fixed'"),
        (Float, {"low": "a", "high": 1}, r"low is 'a', expected a finite number"),
        (Float, {"low": 0, "high": float("nan")}, r"high is nan, expected a finite number"),
        (Float, {"low": 0, "high": 10**400}, r"high is 1000+, expected a finite number"),
        (Float, {"low": 0, "high": 1, "log": True}, r"low is 0\.0, expected a number > 0"),
        (Float, {"low": 1, "high": 2, "log": "no"}, r"log is 'no', expected true or false"),
        (Float, {"low": 1, "high": 2, "reason": 3}, r"reason is 3, expected a sentence"),
        (Int, {"low": 1.5, "high": 2}, r"low is 1\.5, expected an integer"),
        (Int, {"low": True, "high": 2}, r"low is True, expected an integer"),
        (Int, {"low": 1, "high": 4, "step": 0}, r"step is 0, expected an integer >= 1"),
        (
            Int,
            {"low": 1, "high": 4, "step": 2},
            r"high is 4, expected 3 or 5, which steps of 2 from 1 reach",
        ),
        (Int, {"low": 0, "high": 4, "log": True}, r"low is 0, expected an integer >= 1 on a log"),
        (
            Int,
            {"low": 1, "high": 5, "step": 2, "log": True},
            r"step is 2, expected none on a log scale",
        ),
        (Categorical, {"choices": (8,)}, r"expected at least two different values"),
        (Categorical, {"choices": (1, 1.0)}, r"expected at least two different values"),
        (Categorical, {"choices": "ab"}, r"choices is 'ab', expected a list"),
        (Categorical, {"choices": ([1], [2])}, r"choices\[0\] is \[1\], expected a finite number"),
    ],
)
def test_impossible_parameters_say_what_is_wrong(
    kind: type[Any], settings: dict[str, Any], message: str
) -> None:
    """A parameter validates itself where it is made."""
    with pytest.raises(SpaceError, match=message):
        kind(**settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2], r"optim\.lr is \[1, 2\], expected type and bounds by name"),
        ({"low": 1}, r"optim\.lr\.type is None, expected one of float, int, categorical"),
        ({"type": "flaot"}, r"type is 'flaot', did you mean float\? expected one of"),
        ({"type": [1]}, r"type is \[1\], expected one of float, int, categorical"),
        ({"type": "int", "low": 1}, r"optim\.lr: high is missing, expected at least low and high"),
        (
            {"type": "int", "low": 1, "hihg": 2},
            r"unknown key hihg, did you mean high\? expected one of type, low, high",
        ),
    ],
)
def test_plain_values_that_are_no_parameter_say_why(values: object, message: str) -> None:
    """A file's author learns which key is wrong."""
    with pytest.raises(SpaceError, match=message):
        Space.from_dict({"epochs": 1, "parameters": {"optim.lr": values}})
