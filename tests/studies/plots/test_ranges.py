"""Ranges that one bad trial does not flatten, ticks, and strips."""

import pytest
from made_records import made_study

from studies.plots.ranges import apart, axis_of, log_ticks, on_edge, r2_span, span


def test_one_terrible_value_does_not_flatten_the_others() -> None:
    """An R² of -40 is left out of the range, and drawn on its edge."""
    good = [0.5 + place / 100 for place in range(20)]
    low, high = r2_span([-40.0, *good])
    assert -0.1 < low < 0.5
    assert high > max(good)
    assert on_edge(-40.0, (low, high)) == low
    assert on_edge(0.6, (low, high)) == 0.6


def test_what_is_merely_low_stays_in_the_range() -> None:
    """The manual's configuration is often far below the others, and must be seen where it is."""
    low, _ = r2_span([-0.01, *(0.7 + place / 1000 for place in range(50))])
    assert low < -0.01


def test_one_of_a_few_values_can_be_an_outlier() -> None:
    """Of four candidates of a confirmation, say; of two, either may be the outlier."""
    assert r2_span([-40.0, 0.6, 0.7, 0.65])[0] > -1
    assert r2_span([-40.0, 0.6])[0] < -40


def test_ranges_of_nothing_and_of_one_value() -> None:
    """There is always some room."""
    assert span([]) == pytest.approx((-0.06, 1.06))
    assert r2_span([0.3]) == pytest.approx((-0.2, 0.8))


def test_axes_follow_the_space() -> None:
    """Logarithmic where it was drawn so, with round ticks."""
    axis = axis_of((1e-4, 1e-1), log=True)
    assert axis["type"] == "log"
    assert axis["range"] == pytest.approx([-4.15, -0.85])
    assert axis["ticktext"] == ["0.0001", "0.001", "0.01", "0.1"]
    assert axis_of((0.0, 2.0), log=False)["range"] == pytest.approx([-0.1, 2.1])
    assert log_ticks(0.3, 5.0) == pytest.approx([0.3, 1.0, 3.0])


def test_marks_of_one_choice_lie_apart_within_their_strip() -> None:
    """By their numbers, so that the page is the same each time."""
    places = [apart(trial, 0.4) for trial in made_study().trials]
    assert len(set(places)) == len(places)
    assert max(map(abs, places)) <= 0.2
