"""Drawing: axes put values where they belong, ticks are round, words are escaped."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import svg
from studies.svg import Axis


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_round_and_inside(low: float, width: float) -> None:
    """Between 2 and 11 of them on every range, rising, evenly apart."""
    ticks = svg.nice_ticks(low, low + width)
    assert 2 <= len(ticks) <= 11
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_log_ticks_are_powers_of_ten_or_between() -> None:
    """Over decades the powers; within one also what lies between."""
    assert svg.log_ticks(1e-4, 1e-2) == pytest.approx([1e-4, 1e-3, 1e-2])
    assert svg.log_ticks(0.3, 4.0) == pytest.approx([0.3, 1, 3])


def test_an_axis_maps_ends_to_ends_and_clips() -> None:
    """On a log scale the geometric middle lies in the middle."""
    axis = Axis(low=1e-4, high=1e-2, start=10, end=110, log=True)
    assert axis.at(1e-4) == pytest.approx(10)
    assert axis.at(1e-3) == pytest.approx(60)
    assert axis.at(1e-2) == pytest.approx(110)
    assert axis.at(5.0) == pytest.approx(110)


def test_one_diverged_trial_does_not_set_the_range() -> None:
    """The others keep the room."""
    low, high = svg.figures_span([-40.0, *(0.1 * k for k in range(30))])
    assert low > -2
    assert high > 2.9


def test_ranges_of_nothing_and_of_one_value_have_width() -> None:
    """So that an axis can be drawn."""
    for values in ([], [0.3]):
        low, high = svg.figures_span(values)
        assert low < high


@pytest.mark.parametrize("shape", ["dot", "cross", "diamond", "star"])
def test_marks_are_valid_xml_with_their_tip(shape: str) -> None:
    """Whatever a tip holds is escaped."""
    drawing = svg.document(10, 10, "<a> & 'b'", [svg.mark(shape, 1, 2, "#000", tip="<i> & x")])
    root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
    assert root.attrib["aria-label"] == "<a> & 'b'"
    assert "<i> & x" in "".join(root.itertext())


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.5, "0.5"), (-0.5, "−0.5"), (1e-4, "1e-4"), (128, "128")]
)
def test_numbers_are_short(value: float, words: str) -> None:
    """As a reader of an axis expects them."""
    assert svg.number(value) == words
