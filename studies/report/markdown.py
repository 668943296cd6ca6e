"""A report as Markdown, for a pull request or a mail: the same sentences and tables, no plots."""

import re
from collections.abc import Iterator
from typing import Final

from studies.report.document import Block, Code, Document, Folded, Plots, Points
from studies.summary import markdown
from studies.summary.markdown import plain
from studies.table import Table, word_columns

_FENCE: Final = "`" * 3
# On GitHub `#14` would be a link to some issue and `@name` would call somebody.
_CALLS: Final = (
    (re.compile(r"^#(?=\d)"), "No. "),
    (re.compile(r"#(?=\d)"), "no. "),
    (re.compile(r"@"), "@\u2060"),
)


def render(document: Document) -> str:
    """The whole text."""
    first, *rest = document.lead
    parts = [f"# {uncalled(document.title)}", uncalled(document.facts), f"**{uncalled(first)}**"]
    parts += [uncalled(sentence) for sentence in rest]
    parts += [_table(document.glance)] if document.glance else []
    parts += [_points(document.points)] if document.points else []
    for section in document.sections:
        blocks = [told for block in section.blocks for told in _block(block)]
        parts += [f"## {uncalled(section.title)}", *blocks]
    return "\n\n".join(parts) + "\n"


def uncalled(words: str) -> str:
    """Words on one line that Markdown shows as they are, and that GitHub makes no links of."""
    escaped = plain(words)
    for pattern, other in _CALLS:
        escaped = pattern.sub(other, escaped)
    return escaped


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, str):
        yield uncalled(block)
    elif isinstance(block, Points):
        yield _points(block.sentences)
    elif isinstance(block, Code):
        # Typed as they are; a fence within would end it.
        yield "\n".join(
            [f"{_FENCE}sh", *(line.replace(_FENCE, "") for line in block.lines), _FENCE]
        )
    elif isinstance(block, Folded):
        # Too long for a mail, and GitHub folds it like the page.
        yield f"<details><summary>{uncalled(block.table.title)}</summary>"
        yield _table(block.table)
        yield "</details>"
    elif isinstance(block, Table):
        yield f"*{uncalled(block.title)}*"
        yield _table(block)
    else:
        assert isinstance(block, Plots)


def _points(sentences: list[str]) -> str:
    return "\n".join(f"- {uncalled(sentence)}" for sentence in sentences)


def _table(table: Table) -> str:
    return markdown.table(table.head, table.rows, words=word_columns(table), set_word=uncalled)
