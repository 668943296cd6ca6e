"""A table as data; whoever shows it sets it as text, Markdown or HTML."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table in words."""

    title: str
    head: list[str]
    rows: list[list[str]]
    marks: list[str] = field(default_factory=list)
    """What a row is of: the baseline's, the chosen one's, or nothing; empty for no rows at all."""


_NUMBER = re.compile(r"[#±+\-−\[(]*\d.*|n/a|")


def word_columns(table: Table) -> list[int]:
    """Places of the columns that hold words, not numbers; the first always does."""
    return [
        place
        for place in range(len(table.head))
        if place == 0 or not all(_NUMBER.fullmatch(row[place]) for row in table.rows)
    ]
