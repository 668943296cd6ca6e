"""Importance of each hyperparameter, with intervals and beside what chance alone gives."""

from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, INK, SKY
from studies.analysis import importance as measured
from studies.analysis.importance import Importance
from studies.plots.style import bare, short, words
from studies.records.study import StudyRecord

_ROW: Final = 21
"""Height of a hyperparameter's bar with its gap, in pixels."""
_FRAME: Final = 90


def importance(study: StudyRecord) -> go.Figure | None:
    """Measures and draws; `None` of too few trials."""
    return importance_bars(measured.importance(study))


def importance_bars(found: Importance) -> go.Figure | None:
    """A bar a hyperparameter, the most important on top; `None` where nothing was measured."""
    if not found.weights:
        return None
    weights = found.weights[::-1]
    title = f"Importance, of {found.num_trials} complete trials"
    drawn = bare(title, x="share", y="", height=_FRAME + _ROW * len(weights))
    names = [words(weight.name) for weight in weights]
    for name, colour, pattern, own in (
        ("above chance", BLUE, "", [w for w in weights if w.stands_out]),
        ("not above chance", SKY, "/", [w for w in weights if not w.stands_out]),
    ):
        drawn.add_bar(
            x=[weight.share for weight in own],
            y=[words(weight.name) for weight in own],
            orientation="h",
            name=name,
            showlegend=bool(own),
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "bgcolor": "white", "fgcolor": colour, "size": 5},
            },
            error_x={
                "array": [max(w.high - w.share, 0) for w in own],
                "arrayminus": [max(w.share - w.low, 0) for w in own],
                "color": INK,
                "thickness": 1.1,
                "width": 3,
            },
            hovertext=[
                f"{words(w.name)}<br>{w.share:.1%} [{w.low:.1%}, {w.high:.1%}]<br>"
                f"by chance up to {w.chance:.1%}; {w.num_trials} trials have it"
                for w in own
            ],
            hoverinfo="text",
        )
    drawn.add_scatter(
        x=[weight.chance for weight in weights],
        y=names,
        mode="markers",
        name="chance reaches",
        marker={"symbol": "line-ns", "size": 13, "line": {"color": INK, "width": 2}},
        hovertemplate="by chance up to %{x:.1%}<extra></extra>",
    )
    # By their whole names, since two settings may end alike; the short ones are what is written.
    ticks = [words(short(weight.name)) for weight in weights]
    drawn.update_layout(
        barmode="overlay",
        xaxis={"tickformat": ".0%", "rangemode": "tozero"},
        yaxis={
            "categoryorder": "array",
            "categoryarray": names,
            "tickvals": names,
            "ticktext": ticks,
            "range": [-0.6, len(names) - 0.4],
            "showgrid": False,
        },
    )
    return drawn
