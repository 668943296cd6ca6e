"""Tables as Markdown, and words that must not be read as marks."""

import re
import textwrap
from collections.abc import Callable, Container, Sequence
from typing import Final

from studies.table import Table, word_columns

_WIDTH: Final = 100
# A bracket alone is no link, an underscore within a word no emphasis: intervals stay legible as text.
_SPECIAL: Final = re.compile(r"([\\`*<>|~$&]|\](?=[(\[:])|(?<!\w)_|_(?!\w))")


def plain(words: str) -> str:
    """Words on one line that Markdown shows as they are."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))


def wrapped(words: str, indent: str = "") -> str:
    """Markdown broken into lines: on a trial's page a line is as wide as the longest attribute."""
    lines = textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"\\\n{indent}".join(lines)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Container[int] = (0,),
    set_word: Callable[[str], str] = plain,
) -> str:
    """A table; the columns `words` to the left, all others, which hold numbers, to the right."""
    ruler = [":--" if place in words else "--:" for place in range(len(head))]
    cells = [[set_word(cell) for cell in row] for row in (head, *rows)]
    lines = [cells[0], ruler, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def titled(found: Table | None) -> str:
    """A table under its title; nothing of none."""
    if found is None:
        return ""
    return f"*{plain(found.title)}*\n\n{table(found.head, found.rows, words=word_columns(found))}"
