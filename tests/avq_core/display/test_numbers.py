"""Metrics and intervals as text and for JSON."""

import math

import pytest

from avq_core.display.numbers import interval_text, json_number, metric_text


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
        ((0.31, 0.21, 0.41), "0.310 [0.210, 0.410]"),
        ((0.0, -0.1, 0.1), "0.000 [-0.100, 0.100]"),
        ((0.31, math.nan, math.nan), "0.310"),
        ((0.31, 0.21, math.inf), "0.310"),
        ((math.nan, math.nan, math.nan), "n/a"),
    ],
)
def test_an_interval_stands_behind_its_metric(
    interval: tuple[float, float, float], text: str
) -> None:
    """Where the bounds or the metric are not defined, they are left out."""
    assert interval_text(*interval) == text


@pytest.mark.parametrize(
    ("value", "plain"), [(0.31, 0.31), (math.nan, None), (math.inf, None), (-math.inf, None)]
)
def test_json_gets_null_for_what_it_cannot_hold(value: float, plain: float | None) -> None:
    """JSON has no NaN and no infinity."""
    assert json_number(value) == plain
