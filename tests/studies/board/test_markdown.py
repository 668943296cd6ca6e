"""`studies.board.markdown`: words stay words."""

from studies.board import markdown
from studies.tables import Table


def test_marks_in_words_are_no_marks() -> None:
    """A task's underscore is none of Markdown's, nor is a bar the end of a cell."""
    assert markdown.plain("lip_sync *\n a|b <b> [95 %]") == r"lip\_sync \* a\|b \<b\> \[95 %\]"


def test_a_table_has_a_ruler() -> None:
    """Its first column to the left and figures to the right."""
    text = markdown.titled(Table(title="T", head=["", "a"], rows=[["x_y", "1"]]))
    assert text.splitlines() == ["*T*", "", "|  | a |", "| :-- | --: |", r"| x\_y | 1 |"]


def test_long_lines_are_broken() -> None:
    """With breaks that Markdown keeps."""
    lines = markdown.wrapped("word " * 50).split("\\\n")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 100


def test_no_table_is_nothing() -> None:
    """So that its heading can be left out."""
    assert markdown.titled(None) == ""
