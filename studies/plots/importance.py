"""Importance of each hyperparameter, with intervals and a comparison to chance."""

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
    """Estimates importance and draws it; `None` for too few trials."""
    return importance_bars(measured.importance(study))


def importance_bars(importances: Importance) -> go.Figure | None:
    """A bar for each hyperparameter, the most important on top; `None` where nothing was estimated."""
    if not importances.hyperparameters:
        return None
    entries = importances.hyperparameters[::-1]
    title = f"Importance, of {importances.num_trials} complete trials"
    drawn = bare(title, x="share", y="", height=_FRAME + _ROW * len(entries))
    names = [words(entry.name) for entry in entries]
    for name, colour, pattern, shown in (
        ("above chance", BLUE, "", [w for w in entries if w.stands_out]),
        ("not above chance", SKY, "/", [w for w in entries if not w.stands_out]),
    ):
        drawn.add_bar(
            x=[entry.share for entry in shown],
            y=[words(entry.name) for entry in shown],
            orientation="h",
            name=name,
            showlegend=bool(shown),
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "bgcolor": "white", "fgcolor": colour, "size": 5},
            },
            error_x={
                "array": [max(w.high - w.share, 0) for w in shown],
                "arrayminus": [max(w.share - w.low, 0) for w in shown],
                "color": INK,
                "thickness": 1.1,
                "width": 3,
            },
            hovertext=[
                f"{words(w.name)}<br>{w.share:.1%} [{w.low:.1%}, {w.high:.1%}]<br>"
                f"by chance up to {w.chance:.1%}; {w.num_trials} trials have it"
                for w in shown
            ],
            hoverinfo="text",
        )
    drawn.add_scatter(
        x=[entry.chance for entry in entries],
        y=names,
        mode="markers",
        name="chance reaches",
        marker={"symbol": "line-ns", "size": 13, "line": {"color": INK, "width": 2}},
        hovertemplate="by chance up to %{x:.1%}<extra></extra>",
    )
    # Bars are placed by full names, since two short names may be equal; ticks show the short names.
    ticks = [words(short(entry.name)) for entry in entries]
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
