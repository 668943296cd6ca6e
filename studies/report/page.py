"""A report as one HTML page that needs nothing but itself: no server, no network."""

from collections.abc import Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Final

from studies.report.document import Code, Document, Folded, Plots, Points, Section
from studies.report.page_style import STYLE
from studies.table import Table, word_columns

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CONFIG: Final = {
    "responsive": True,
    "displaylogo": False,
    "showSendToCloud": False,  # on by default since plotly.js 4
    "modeBarButtons": [["toImage", "resetViews"]],
}
# A finger that moves over a plot scrolls the page.
_TOUCH: Final = (
    "if (matchMedia('(pointer: coarse)').matches) Plotly.relayout('{plot_id}', {dragmode: false})"
)
_LONG: Final = 48
"""Characters from which a cell of words is broken into lines."""


def render(document: Document) -> str:
    """The whole page."""
    title = escape(document.title)
    body = "\n".join(_section(section) for section in document.sections)
    has_plots = any(isinstance(block, Plots) for s in document.sections for block in s.blocks)
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<link rel='icon' href='data:,'>\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_contents(document.sections)}\n<main>\n{_top(document)}\n"
        # After the first screen, which thus stands before the library is read.
        f"{_library() if has_plots else ''}\n{body}\n</main>\n</body>\n</html>\n"
    )


def _library() -> str:
    from plotly.offline import get_plotlyjs

    return f"<script>{get_plotlyjs()}</script>"


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f"<a href='#{s.anchor}'>{escape(s.short)}</a>" for s in sections)
    return f"<nav aria-label='Contents'><a href='#top'>Verdict</a>{links}</nav>"


def _top(document: Document) -> str:
    first, *rest = document.lead
    return "\n".join(
        [
            f"<header id='top'><h1>{escape(document.title)}</h1>",
            f"<p class='note'>{escape(document.facts)}</p>",
            f"<p class='lead'>{escape(first)}</p>",
            *(f"<p>{escape(sentence)}</p>" for sentence in rest),
            f"<div class='glance'>{_table(document.glance)}</div>" if document.glance else "",
            _block(Points(sentences=document.points)) if document.points else "",
            "</header>",
        ]
    )


def _section(section: Section) -> str:
    blocks = "\n".join(
        _plots(block, f"{section.anchor}-{place}") if isinstance(block, Plots) else _block(block)
        for place, block in enumerate(section.blocks)
    )
    return (
        f"<section id='{section.anchor}'>\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>"
    )


def _block(block: str | Table | Points | Code | Folded) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    if isinstance(block, Points):
        return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in block.sentences)}</ul>"
    if isinstance(block, Code):
        return f"<pre><code>{escape(chr(10).join(block.lines))}</code></pre>"
    if isinstance(block, Folded):
        lid = f"<summary>{escape(block.table.title)}</summary>"
        return f"<details>{lid}{_table(block.table)}</details>"
    return f"<p class='note'>{escape(block.title)}</p>{_table(block)}"


def _table(table: Table) -> str:
    """A table in a box of its own, within which it scrolls sideways."""
    words = word_columns(table)
    head = "".join(
        f"<th scope='col'{_kind(place in words)}>{escape(cell)}</th>"
        for place, cell in enumerate(table.head)
    )
    head = f"<thead><tr>{head}</tr></thead>" if any(table.head) else ""
    lines = []
    for place, row in enumerate(table.rows):
        cells = "".join(
            f"<td{_kind(at in words, long=len(cell) > _LONG)}>{escape(cell)}</td>"
            for at, cell in enumerate(row)
        )
        mark = table.marks[place] if place < len(table.marks) else ""
        lines.append(f"<tr{f' class={mark!r}' if mark else ''}>{cells}</tr>")
    return (
        f"<div class='wide' tabindex='0'><table>{head}<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _kind(words: bool, *, long: bool = False) -> str:
    if not words:
        return ""
    return " class='words long'" if long else " class='words'"


def _plots(plots: Plots, anchor: str) -> str:
    from studies.plots.style import SMALL

    note = f"<p class='note'>{escape(plots.note)}</p>" if plots.note else ""
    figures = "\n".join(
        _figure(figure, f"{anchor}-{place}", small=figure.layout.height <= SMALL)
        for place, figure in enumerate(plots.figures)
    )
    sizes = f"--column: {plots.column}px; --least: {plots.least}px"
    return f"{note}<div class='wide'><div class='plots' style='{sizes}'>{figures}</div></div>"


def _figure(figure: "go.Figure", anchor: str, *, small: bool) -> str:
    """A figure; its title stands above it as text, which wraps where a plot's does not."""
    from plotly.io import to_html

    plain = figure.to_dict()
    # Plotly's text is escaped for plotly; here it is escaped for HTML, whatever it was.
    caption = escape(unescape(plain["layout"].pop("title")["text"]))
    drawn = to_html(
        plain,
        full_html=False,
        include_plotlyjs=False,
        config=_CONFIG | {"displayModeBar": False if small else "hover"},
        post_script=_TOUCH,
        div_id=f"plot-{anchor}",
        validate=False,
    )
    return (
        f'<figure role="group" aria-label="{caption}">'
        f"<figcaption>{caption}</figcaption>{drawn}</figure>"
    )
