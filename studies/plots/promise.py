"""What the search promised of each candidate beside what was confirmed."""

from typing import Any, Final

import plotly.graph_objects as go

from avq_core.display.numbers import metric_text
from avq_core.display.palette import BLUE, GREY, VERMILION
from studies import records
from studies.plots.ranges import on_edge, r2_span, say_beyond
from studies.plots.style import bare
from studies.records import StudyRecord

_ROW: Final = 30
_FRAME: Final = 100


def promise(study: StudyRecord) -> go.Figure | None:
    """A line a candidate, from its searched to its confirmed score; `None` before a confirmation."""
    searched = {trial.number: trial.score for trial in study.trials}
    ranked = records.by_confirmed_score((study.confirmation or {}).get("candidates", []))
    rows = [
        row
        for row in reversed(ranked)
        if row["score_mean"] is not None and searched.get(row["trial"]) is not None
    ]
    if not rows:
        return None
    spans = (
        r2_span([searched[row["trial"]] or 0.0 for row in rows]),
        r2_span([row["score_mean"] for row in rows]),
    )
    limits = (min(low for low, _ in spans), max(high for _, high in spans))
    title = "Promised by the search, and confirmed"
    drawn = bare(title, x="score (R²)", y="", height=_FRAME + _ROW * len(rows))
    places = [_name(study, row) for row in rows]
    gaps_x: list[float | None] = []
    gaps_y: list[str | None] = []
    for row, place in zip(rows, places, strict=True):
        ends = (searched[row["trial"]] or 0.0, row["score_mean"])
        gaps_x += [*(on_edge(end, limits) for end in ends), None]
        gaps_y += [place, place, None]
    drawn.add_scatter(
        x=gaps_x,
        y=gaps_y,
        mode="lines",
        line={"color": GREY, "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    drawn.add_scatter(
        x=[on_edge(searched[row["trial"]] or 0.0, limits) for row in rows],
        y=places,
        customdata=[searched[row["trial"]] for row in rows],
        mode="markers",
        name="promised",
        marker={"symbol": "circle-open", "color": VERMILION, "size": 9, "line": {"width": 2}},
        hovertemplate="promised: %{customdata:.3f}<extra></extra>",
    )
    # Of one run nobody knows the error, and no bar is drawn.
    errors = [row.get("score_error") for row in rows]
    drawn.add_scatter(
        x=[on_edge(row["score_mean"], limits) for row in rows],
        y=places,
        customdata=[_confirmed(row) for row in rows],
        mode="markers",
        name="confirmed" + (" ± se" if any(errors) else ""),
        error_x={"array": errors, "color": BLUE, "thickness": 1.4},
        marker={"symbol": "circle", "color": BLUE, "size": 9},
        hovertemplate="confirmed: %{customdata}<extra></extra>",
    )
    room = (limits[1] - limits[0]) * 0.04
    drawn.update_layout(
        xaxis={"range": [limits[0] - room, limits[1] + room]},
        yaxis={"type": "category", "categoryorder": "array", "categoryarray": places},
    )
    below = sum(min(searched[row["trial"]] or 0.0, row["score_mean"]) < limits[0] for row in rows)
    say_beyond(drawn, below)
    return drawn


def _name(study: StudyRecord, row: dict[str, Any]) -> str:
    notes = ["baseline"] * bool(row["baseline"]) + ["chosen"] * (row["trial"] == study.chosen)
    notes += ["dropped"] * bool(row.get("dropped"))
    return f"#{row['trial']}" + (f" {', '.join(notes)}" if notes else "")


def _confirmed(row: dict[str, Any]) -> str:
    error = row.get("score_error")
    return metric_text(row["score_mean"]) + ("" if error is None else f" ± {metric_text(error)}")
