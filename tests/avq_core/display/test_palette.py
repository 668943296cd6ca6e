"""The colours of every plot and page."""

import re
import subprocess
import sys

import pytest

from avq_core.display import palette

COLOURS = {
    name: value
    for name, value in vars(palette).items()
    if name.isupper() and isinstance(value, str) and name != "Final"
}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, from 0 (black) to 1 (white)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", sorted(COLOURS))
def test_a_colour_is_six_hexadecimal_digits(name: str) -> None:
    """Matplotlib, Plotly and CSS all read them."""
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", COLOURS[name])


@pytest.mark.parametrize("name", ["INK", "MUTED", "BAD"])
def test_text_can_be_read_on_white(name: str) -> None:
    """A contrast of at least 4.5 to 1 (WCAG 2.2, AA)."""
    assert 1.05 / (luminance(COLOURS[name]) + 0.05) >= 4.5


@pytest.mark.parametrize("name", ["GOOD_ROW", "MANUAL_ROW", "RULE", "SHADE"])
def test_text_can_be_read_on_every_background(name: str) -> None:
    """Ink on a shaded row has the same contrast at least."""
    assert (luminance(COLOURS[name]) + 0.05) / (luminance(COLOURS["INK"]) + 0.05) >= 4.5


@pytest.mark.parametrize("group", [palette.SPLITS, palette.LINES, palette.QUARTERS])
def test_colours_side_by_side_differ(group: tuple[str, ...]) -> None:
    """No two lines of a plot have the same one."""
    assert len(set(group)) == len(group)


def test_quarters_go_from_light_to_dark() -> None:
    """So that they are told apart in print as well."""
    values = [luminance(colour) for colour in palette.QUARTERS]
    assert values == sorted(values, reverse=True)


def test_the_palette_imports_nothing_heavy() -> None:
    """Every plot imports it, whatever it is drawn with."""
    code = (
        "import sys, avq_core.display.palette\n"
        "print(sorted({'matplotlib', 'plotly', 'numpy', 'jinja2', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
