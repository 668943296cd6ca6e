"""What a report is made of, before it is set as HTML or Markdown."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studies.table import Table

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, kw_only=True, slots=True)
class Plots:
    """Plots beside each other, as many as a line holds."""

    plots: "list[go.Figure]"
    column: int = 400
    """Width that a plot wants, in pixels; it gets less where there is less."""
    min_width: int = 0
    """Width below which it scrolls sideways instead."""
    note: str = ""
    """How to read them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """Sentences of equal standing."""

    sentences: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Commands, as they are typed."""

    lines: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """A long table, shut until it is wanted; its title is what stands on the lid."""

    table: Table


Block = str | Table | Plots | Points | Code | Folded


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading and what stands under it."""

    anchor: str
    """Unique; letters and hyphens."""
    title: str
    short: str
    """In the table of contents."""
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole report."""

    title: str
    facts: str
    """What it is of, in a line."""
    lead: list[str]
    """What came of it: the first sentence is the one to remember."""
    points: list[str]
    """What else belongs to the verdict."""
    glance: Table | None
    """The main metrics."""
    sections: list[Section]
