"""Markdown: tables, and text escaped so that Markdown shows it as it is."""

import re
import textwrap
from collections.abc import Callable, Container, Sequence
from typing import Final

from studies.table import Table, word_columns

_WIDTH: Final = 100
# A lone bracket is not a link and an underscore within a word is not emphasis: so they stay as they are.
_SPECIAL: Final = re.compile(r"([\\`*<>|~$&]|\](?=[(\[:])|(?<!\w)_|_(?!\w))")


def plain(words: str) -> str:
    """Text on one line, escaped so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))


def wrapped(words: str, indent: str = "") -> str:
    """Markdown broken into lines, since the page of a trial does not wrap them."""
    lines = textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"\\\n{indent}".join(lines)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Container[int] = (0,),
    set_word: Callable[[str], str] = plain,
) -> str:
    """A table; the columns in `words` are aligned left, the others, which hold numbers, right."""
    ruler = [":--" if place in words else "--:" for place in range(len(head))]
    cells = [[set_word(cell) for cell in row] for row in (head, *rows)]
    lines = [cells[0], ruler, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def titled(content: Table | None) -> str:
    """A table under its title; an empty text for `None`."""
    if content is None:
        return ""
    return f"*{plain(content.title)}*\n\n{table(content.head, content.rows, words=word_columns(content))}"
