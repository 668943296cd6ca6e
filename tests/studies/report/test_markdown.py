"""The report as Markdown: users' words are words, numbers stay legible."""

from studies.report.document import Code, Document, Folded, Points, Section
from studies.report.markdown import render, without_mentions
from studies.table import Table


def test_no_user_is_mentioned_and_no_issue_linked() -> None:
    """As GitHub would of #14 and of @name."""
    assert without_mentions("#14 beats #2") == "No. 14 beats no. 2"
    assert without_mentions("@name") == "@\u2060name"


def test_all_blocks_are_set() -> None:
    """Tables with numbers to the right, words to the left."""
    table = Table(title="a table", head=["task", "R²", "why"], rows=[["x", "0.5", "so"]])
    blocks = [
        "A sentence.",
        Points(sentences=["one", "two"]),
        Code(lines=["python -m a", "echo ```"]),
        Folded(table=table),
    ]
    section = Section(anchor="s", title="Part", short="P", blocks=[*blocks, table])
    text = render(
        Document(title="t", facts="f", lead=["l", "m"], points=[], glance=None, sections=[section])
    )
    assert text.startswith("# t\n\nf\n\n**l**\n\nm\n\n## Part\n\nA sentence.\n\n- one\n- two\n\n")
    assert "```sh\npython -m a\necho \n```" in text
    assert "| task | R² | why |\n| :-- | --: | :-- |\n| x | 0.5 | so |" in text
    assert "<details><summary>a table</summary>" in text
