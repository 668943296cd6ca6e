"""Plain tables, aligned."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def align(rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def figure(value: float | None) -> str:
    """A figure to three digits; `n/a` where it is not defined."""
    return "n/a" if value is None else f"{value:.3f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table in words."""

    title: str
    head: list[str]
    rows: list[list[str]]
    marks: list[str] = field(default_factory=list)
    """What a row is of: the baseline's, the chosen one's, or nothing; empty for no rows at all."""


def interval_text(interval: Mapping[str, float | None] | None) -> str:
    """A figure with its interval: `0.310 [0.210, 0.410]`; `n/a` where it is not defined."""
    if not interval or interval["value"] is None:
        return "n/a"
    if interval["low"] is None:
        return figure(interval["value"])
    return f"{figure(interval['value'])} [{figure(interval['low'])}, {figure(interval['high'])}]"


_FIGURE = re.compile(r"[#±+\-−\[(]*\d.*|n/a|")


def word_columns(table: Table) -> list[int]:
    """Places of the columns that hold words, not figures; the first always does."""
    return [
        place
        for place in range(len(table.head))
        if place == 0 or not all(_FIGURE.fullmatch(row[place]) for row in table.rows)
    ]
