"""Means with Student's intervals."""

import math

import pytest

from benchmarks.spread import spread


def test_an_interval_is_students_over_the_values_that_there_are() -> None:
    """Of 1, 2 and 3: t(0.975, 2) = 4.303 times 1 / sqrt(3)."""
    interval = spread([1.0, None, 3.0, math.nan, 2.0])
    assert (interval.mean, interval.num) == (2.0, 3)
    assert interval.half_width == pytest.approx(4.3027 / math.sqrt(3), rel=1e-4)
    assert interval.text(1) == "2.0 ± 2.5"


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    """Rather than an interval of width 0, which would claim certainty."""
    assert spread([0.25]).text(2) == "0.25"
    assert spread([None]).text(2) == "n/a"
