"""Words stay words, numbers stay legible."""

from studies.summary import markdown
from studies.table import Table


def test_marks_are_escaped_where_they_would_be_read_as_such() -> None:
    """A lone bracket and an underscore within a word are left, for a mail's sake."""
    assert markdown.plain("cross_modal 0.5 [0.4, 0.6]") == "cross_modal 0.5 [0.4, 0.6]"
    assert markdown.plain("[a](http://b)") == "[a\\](http://b)"
    assert markdown.plain("_a_ *b* `c` <d> e|f") == "\\_a\\_ \\*b\\* \\`c\\` \\<d\\> e\\|f"
    assert markdown.plain("two\nlines") == "two lines"


def test_a_table_has_a_ruler() -> None:
    """Its first column to the left and numbers to the right."""
    text = markdown.titled(Table(title="T", head=["", "a"], rows=[["x_y", "1"]]))
    assert text.splitlines() == ["*T*", "", "|  | a |", "| :-- | --: |", "| x_y | 1 |"]


def test_long_lines_are_broken() -> None:
    """With breaks that Markdown keeps."""
    lines = markdown.wrapped("word " * 50).split("\\\n")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 100


def test_no_table_is_nothing() -> None:
    """So that its heading can be left out."""
    assert markdown.titled(None) == ""
