"""A report as one self-contained HTML page: it needs no server and no network."""

from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Final

from avq_core.display.pages import render_page
from studies.report.document import Document, Plots
from studies.table import word_columns

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CONFIG: Final = {
    "responsive": True,
    "displaylogo": False,
    "showSendToCloud": False,  # on by default since plotly.js 4
    "modeBarButtons": [["toImage", "resetViews"]],
}
# On a touch screen, a finger that moves over a plot scrolls the page.
_TOUCH: Final = (
    "if (matchMedia('(pointer: coarse)').matches) Plotly.relayout('{plot_id}', {dragmode: false})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Drawn:
    """A plot as HTML."""

    caption: str
    """Its title, as HTML above the plot, since titles of Plotly do not wrap."""
    html: str


def render(document: Document) -> str:
    """The whole page."""
    has_plots = any(isinstance(block, Plots) for s in document.sections for block in s.blocks)
    return render_page(
        "studies.report",
        "report.html.j2",
        title=document.title,
        document=document,
        library=_library() if has_plots else "",
        kind_of=lambda block: type(block).__name__,
        word_columns=word_columns,
        draw=_draw,
    )


def _library() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _draw(plot: "go.Figure", anchor: str) -> _Drawn:
    """Converts a plot to HTML with a unique id."""
    from plotly.io import to_html

    from studies.plots.style import SMALL

    small = plot.layout.height <= SMALL
    plain = plot.to_dict()
    # The title is escaped for Plotly; the template escapes it for HTML.
    caption = unescape(plain["layout"].pop("title")["text"])
    html = to_html(
        plain,
        full_html=False,
        include_plotlyjs=False,
        config=_CONFIG | {"displayModeBar": False if small else "hover"},
        post_script=_TOUCH,
        div_id=f"plot-{anchor}",
        validate=False,
    )
    return _Drawn(caption=caption, html=html)
