"""Aligned tables as plain text."""

import subprocess
import sys

import pytest

from avq_core.display.tables import text_table


def test_names_stand_to_the_left_and_numbers_to_the_right() -> None:
    """With two spaces between columns and none at the end of a line."""
    rows = [["task", "R²", ""], ["overall", "0.5", "best"], ["lip", "-10.25", ""]]
    assert text_table(rows).splitlines() == [
        "task         R²",
        "overall     0.5  best",
        "lip      -10.25",
    ]


def test_several_columns_can_hold_names() -> None:
    """As many as are asked for stand to the left."""
    rows = [["stream", "split", "shape"], ["audio", "val", "3 x 4"]]
    assert text_table(rows, num_left=2).splitlines() == [
        "stream  split  shape",
        "audio   val    3 x 4",
    ]


def test_cells_are_never_read_as_markup() -> None:
    """Brackets, emoji codes and backslashes of a user's name stay as they are."""
    rows = [["[bold]a[/bold]", "0.3 [0.1, 0.5]"], [":smile: \\[b]", "http://x.y"]]
    assert text_table(rows).splitlines() == [
        "[bold]a[/bold]  0.3 [0.1, 0.5]",
        ":smile: \\[b]        http://x.y",
    ]


def test_wide_characters_take_two_places() -> None:
    """So that the columns are aligned in a terminal."""
    assert text_table([["日本", "1"], ["abcde", "2"]]).splitlines() == ["日本   1", "abcde  2"]


def test_a_long_table_is_neither_wrapped_nor_cut() -> None:
    """However narrow the terminal is, every digit is there."""
    row = [f"{number:.6f}" for number in range(100, 500)]
    assert text_table([row, row]).splitlines() == ["  ".join(row)] * 2


def test_colour_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the surroundings ask for colour, what goes to a file stays plain text."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "10")
    assert text_table([["a", "1"]]) == "a  1"


def test_no_rows_give_no_text() -> None:
    """An empty table is empty."""
    assert text_table([]) == ""


def test_rows_of_different_lengths_are_refused() -> None:
    """A row that lacks a cell would shift what stands under a header."""
    with pytest.raises(ValueError, match=r"the rows have \[1, 2\] cells"):
        text_table([["a", "b"], ["c"]])


def test_rich_is_imported_only_where_a_table_is_made() -> None:
    """The commands' --help must not wait for it."""
    code = "import sys, avq_core.display.tables; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
