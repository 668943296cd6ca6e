"""Metrics and intervals as text."""

import math

import pytest

from avq_core.display.numbers import interval_text, metric_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.31, "0.310"), (-2.0, "-2.000"), (0.0, "0.000"), (None, "n/a"), (math.nan, "n/a")],
)
def test_a_metric_has_three_decimals(value: float | None, text: str) -> None:
    """One that is not defined says so."""
    assert metric_text(value) == text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ({"value": 0.31, "low": 0.21, "high": 0.41}, "0.310 [0.210, 0.410]"),
        ({"value": 0.0, "low": -0.1, "high": 0.1}, "0.000 [-0.100, 0.100]"),
        ({"value": 0.31, "low": None, "high": None}, "0.310"),
        ({"value": None, "low": None, "high": None}, "n/a"),
        ({"value": 0.31, "low": math.nan, "high": math.nan}, "0.310"),
        ({"value": math.nan, "low": math.nan, "high": math.nan}, "n/a"),
        (None, "n/a"),
    ],
)
def test_an_interval_stands_behind_its_metric(
    interval: dict[str, float | None] | None, text: str
) -> None:
    """Where the bounds or the metric are not defined, they are left out."""
    assert interval_text(interval) == text
