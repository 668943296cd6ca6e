"""A table as data, to be shown as text, Markdown or HTML."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table whose cells are text."""

    title: str
    head: list[str]
    rows: list[list[str]]
    marks: list[str] = field(default_factory=list)
    """Which rows are highlighted: `BASELINE`, `CHOSEN` or an empty string for each; or no entries."""


_NUMBER = re.compile(r"[#±+\-−\[(]*\d.*|n/a|")


def word_columns(table: Table) -> list[int]:
    """Indices of the columns of words, which are aligned left; always with the first column."""
    return [
        place
        for place in range(len(table.head))
        if place == 0 or not all(_NUMBER.fullmatch(row[place]) for row in table.rows)
    ]
