"""A report as Markdown, for a pull request or a mail: the same sentences and tables, no plots."""

import re
from collections.abc import Iterator
from typing import Final

from studies.report.document import Block, Code, Document, Folded, Plots, Points
from studies.summary import markdown
from studies.summary.markdown import plain
from studies.table import Table, word_columns

_FENCE: Final = "`" * 3
# On GitHub `#14` would link to an issue and `@name` would notify a user.
_CALLS: Final = (
    (re.compile(r"^#(?=\d)"), "No. "),
    (re.compile(r"#(?=\d)"), "no. "),
    (re.compile(r"@"), "@\u2060"),
)


def render(document: Document) -> str:
    """The whole text."""
    first, *rest = document.lead
    parts = [
        f"# {without_mentions(document.title)}",
        without_mentions(document.facts),
        f"**{without_mentions(first)}**",
    ]
    parts += [without_mentions(sentence) for sentence in rest]
    parts += [_table(document.glance)] if document.glance else []
    parts += [_points(document.points)] if document.points else []
    for section in document.sections:
        blocks = [text for block in section.blocks for text in _block(block)]
        parts += [f"## {without_mentions(section.title)}", *blocks]
    return "\n\n".join(parts) + "\n"


def without_mentions(words: str) -> str:
    """Text on one line, escaped for Markdown and without links or mentions on GitHub."""
    escaped = plain(words)
    for pattern, other in _CALLS:
        escaped = pattern.sub(other, escaped)
    return escaped


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield without_mentions(block)
    elif isinstance(block, Points):
        yield _points(block.sentences)
    elif isinstance(block, Code):
        # Not escaped; but a fence within a line would end the block.
        yield "\n".join(
            [f"{_FENCE}sh", *(line.replace(_FENCE, "") for line in block.lines), _FENCE]
        )
    elif isinstance(block, Folded):
        # GitHub folds this as the page does.
        yield f"<details><summary>{without_mentions(block.table.title)}</summary>"
        yield _table(block.table)
        yield "</details>"
    elif isinstance(block, Table):
        yield f"*{without_mentions(block.title)}*"
        yield _table(block)
    else:
        assert isinstance(block, Plots)


def _points(sentences: list[str]) -> str:
    return "\n".join(f"- {without_mentions(sentence)}" for sentence in sentences)


def _table(table: Table) -> str:
    return markdown.table(
        table.head, table.rows, words=word_columns(table), set_word=without_mentions
    )
