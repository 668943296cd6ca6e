"""The content of a report, before it becomes HTML or Markdown."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studies.table import Table

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, kw_only=True, slots=True)
class Plots:
    """Plots side by side, as many as fit a line."""

    plots: "list[go.Figure]"
    column: int = 400
    """Preferred width of a plot, in pixels; narrower on narrow pages."""
    min_width: int = 0
    """Width in pixels below which the plots scroll sideways."""
    note: str = ""
    """How to read them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """Sentences as a bullet list."""

    sentences: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Commands for a shell."""

    lines: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """A long table that is folded under its title."""

    table: Table


Block = str | Table | Plots | Points | Code | Folded


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading and the blocks under it."""

    anchor: str
    """Unique; letters and hyphens."""
    title: str
    short: str
    """Title in the table of contents."""
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole report."""

    title: str
    facts: str
    """Data, space and cost of the study, in one line."""
    lead: list[str]
    """The verdict; the first sentence is the most important one."""
    points: list[str]
    """Further sentences of the verdict."""
    glance: Table | None
    """The main metrics."""
    sections: list[Section]
