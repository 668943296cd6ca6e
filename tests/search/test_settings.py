"""Settings are checked where they are made, in words that know nothing of a command."""

import dataclasses
from typing import Any

import pytest

from avq_core.errors import ConfigError
from search.settings import BOUNDS, CHOICES, Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trials": 0}, "`trials` is 0, expected an integer >= 1"),
        ({"trials": 2.0}, "`trials` is 2.0, expected an integer >= 1"),
        ({"trials": True}, "`trials` is True, expected an integer >= 1"),
        ({"trials": None}, "`trials` is None, expected an integer >= 1"),
        ({"epochs": 0}, "`epochs` is 0, expected an integer >= 1"),
        ({"baseline_epochs": 0}, "`baseline_epochs` is 0, expected an integer >= 1"),
        ({"workers": 1025}, "`workers` is 1025, expected an integer from 1 to 1024"),
        ({"audit_share": 2}, r"`audit_share` is 2, expected a number in \[0, 1\]"),
        ({"timeout": float("nan")}, "`timeout` is nan, expected a number >= 0"),
        ({"store_limit": "1"}, "`store_limit` is '1', expected a number >= 0"),
        ({"seed": -1}, "`seed` is -1, expected an integer >= 0"),
        ({"pruner": "axe"}, "`pruner` is 'axe', expected one of cycle, iepoch, halving"),
        ({"sampler": "oracle"}, "`sampler` is 'oracle', expected one of tpe, gp"),
        ({"stop": "soon"}, "`stop` is 'soon', expected one of never, auto"),
        ({"objective": "both"}, "`objective` is 'both', expected one of score, pareto"),
        ({"runs": "out"}, r"`runs` is 'out', expected a pathlib.Path"),
        ({"enqueue": "best.yaml"}, r"`enqueue` is 'best.yaml', expected a tuple such as"),
        ({"watch": "overall"}, r"`watch` is 'overall', expected a tuple such as"),
        ({"study": "../up"}, "`study` is '../up', expected letters, digits"),
        ({"study": "prepared"}, "`study` is 'prepared', expected letters, .* not 'prepared'"),
        (
            {"objective": "pareto", "pruner": "median"},
            "`pruner` is 'median', which needs a single .*; `objective` pareto takes cycle, none",
        ),
        ({"objective": "pareto", "sampler": "gp"}, "`objective` pareto takes tpe, random, qmc"),
        ({"objective": "pareto", "stop": "auto"}, "`objective` pareto takes never"),
        ({"pruner": "iepoch", "stop": "auto"}, "`stop` is 'auto', expected never with `pruner`"),
        ({"pruner": "iepoch", "timeout": 9.0}, "`timeout` is 9, expected none .* fewer `trials`"),
    ],
)
def test_a_wrong_setting_is_told(settings: dict[str, Any], message: str) -> None:
    """Got, expected, and what does not go together."""
    with pytest.raises(ConfigError, match=message):
        Settings(**settings)


def test_settings_at_their_bounds_are_taken() -> None:
    """Both ends belong to a range."""
    for name, bounds in BOUNDS.items():
        ends = (bounds.minimum, bounds.minimum if bounds.maximum is None else bounds.maximum)
        for end in ends:
            Settings(**{name: int(end) if bounds.integral else end})


def test_every_choice_of_a_setting_is_taken() -> None:
    """Alone, beside the defaults."""
    for name, choices in CHOICES.items():
        for choice in choices:
            assert getattr(Settings(**{name: choice}), name) == choice


def test_settings_do_not_change() -> None:
    """What was checked stays so."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().trials = 0  # type: ignore[misc]
