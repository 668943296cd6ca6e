"""Parameters that matter only under another's value, and the point that a study starts from."""

from typing import Any

import pytest

from space.errors import SpaceError
from space.parameters import Categorical, Float, Int
from space.space import Space


def make_space(**changes: Any) -> Space:
    settings: dict[str, Any] = {
        "name": "mine",
        "epochs": 14,
        "parameters": {
            "model.max_lag": Categorical(choices=(0, 15)),
            "model.lag_channels": Int(low=2, high=8, when={"model.max_lag": (15,)}),
            "optim.lr": Float(low=1e-4, high=1e-2, log=True),
        },
    }
    return Space(**(settings | changes))


def test_a_parameter_is_searched_only_under_its_condition() -> None:
    """A point holds what matters there, and nothing else."""
    space = make_space()
    assert space.active({"model.max_lag": 0}) == ["model.max_lag", "optim.lr"]
    assert space.contains({"model.max_lag": 0, "optim.lr": 1e-3})
    assert space.contains({"model.max_lag": 15, "model.lag_channels": 2, "optim.lr": 1e-3})
    assert not space.contains({"model.max_lag": 15, "optim.lr": 1e-3})
    assert not space.contains({"model.max_lag": 0, "model.lag_channels": 2, "optim.lr": 1e-3})


def test_conditions_chain() -> None:
    """What hangs on a parameter that is not searched is not searched either."""
    deep = Float(low=0.0, high=1.0, when={"model.lag_channels": (2,)})
    space = make_space(parameters=make_space().parameters | {"model.x": deep})
    assert "model.x" in space.active({"model.max_lag": 15, "model.lag_channels": 2})
    assert "model.x" not in space.active({"model.max_lag": 0, "model.lag_channels": 2})


def test_true_is_not_one() -> None:
    """A condition on a flag holds for the flag alone."""
    own = {
        "a.flag": Categorical(choices=(False, True)),
        "a.x": Int(low=1, high=2, when={"a.flag": (True,)}),
    }
    assert make_space(parameters=own).active({"a.flag": 1}) == ["a.flag"]


def test_a_condition_survives_being_written_down_and_is_part_of_the_fingerprint() -> None:
    """Spaces without conditions keep the fingerprints that they had."""
    space = make_space()
    assert Space.from_dict(space.to_dict()) == space
    assert space.to_dict()["parameters"]["model.lag_channels"]["when"] == {"model.max_lag": [15]}
    assert "when" not in space.to_dict()["parameters"]["optim.lr"]
    free = space.parameters | {"model.lag_channels": Int(low=2, high=8)}
    assert make_space(parameters=free).fingerprint() != space.fingerprint()


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"optim.lr": (1e-3,)}, r"lag_channels\.when\.optim\.lr is .* stands before it"),
        (
            {"model.max_lag": (7,)},
            r"when\.model\.max_lag is 7, expected a value that model\.max_lag can",
        ),
    ],
)
def test_an_impossible_condition_is_told(when: dict[str, Any], message: str) -> None:
    """Of a setting that comes later, or of a value that it cannot have."""
    own = make_space().parameters | {"model.lag_channels": Int(low=2, high=8, when=when)}
    with pytest.raises(SpaceError, match=message):
        make_space(parameters=own)


@pytest.mark.parametrize("when", [3, {"model.max_lag": 15}, {"model.max_lag": []}])
def test_a_malformed_condition_is_told(when: Any) -> None:
    """A list of values by setting."""
    with pytest.raises(SpaceError, match=r"when.* is .*, expected"):
        Int(low=2, high=8, when=when)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"model.max_lag": 0}, r"start\.optim\.lr is missing, expected a value for every"),
        (
            {"model.max_lag": 0, "optim.lr": 1.0},
            r"start\.optim\.lr is 1\.0, expected a value within its bounds",
        ),
        (
            {"model.max_lag": 0, "optim.lr": 1e-3, "model.lag_channels": 2},
            r"start\.model\.lag_channels is 2, expected no value, as it is not searched there",
        ),
        (3, r"start is 3, expected settings"),
    ],
)
def test_a_start_outside_the_space_is_told(start: Any, message: str) -> None:
    """Before a study starts, not in its second trial."""
    with pytest.raises(SpaceError, match=message):
        make_space(start=start)


def test_a_start_changes_no_fingerprint() -> None:
    """It says where a search begins, not what it may find."""
    space = make_space(start={"model.max_lag": 0, "optim.lr": 1e-3})
    assert space.fingerprint() == make_space().fingerprint()
    assert Space.from_dict(space.to_dict()) == space
