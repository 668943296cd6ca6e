"""The two watched R² of every trial against each other, with the Pareto front."""

from itertools import pairwise

import plotly.graph_objects as go

from avq_core.display.palette import GREEN
from studies import records
from studies.plots.ranges import on_edge, r2_span, say_beyond
from studies.plots.style import bare, marks
from studies.records import StudyRecord, TrialRecord


def front(study: StudyRecord) -> go.Figure | None:
    """A mark for each trial with both R²; `None` where the two are one task or no trial has both."""
    first, second = study.watch
    shown = [
        trial
        for trial in study.trials
        if trial.r2.get(first) is not None and trial.r2.get(second) is not None
    ]
    if not shown or first == second:
        return None
    across = r2_span([trial.r2[first] or 0.0 for trial in shown])
    up = r2_span([trial.r2[second] or 0.0 for trial in shown])

    def place(trial: TrialRecord) -> tuple[float, float]:
        return on_edge(trial.r2[first] or 0.0, across), on_edge(trial.r2[second] or 0.0, up)

    drawn = bare("Pareto front of the two watched R²", x=f"{first} R²", y=f"{second} R²")
    corners = _staircase(study)
    if corners:
        drawn.add_scatter(
            x=[on_edge(x, across) for x, _ in corners],
            y=[on_edge(y, up) for _, y in corners],
            mode="lines",
            line={"color": GREEN, "width": 1.5, "dash": "dot"},
            name="Pareto front",
            hoverinfo="skip",
        )
    drawn.add_traces(marks(study, shown, place))
    drawn.update_layout(xaxis={"range": _wider(across)}, yaxis={"range": _wider(up)})
    below = sum(place(trial) != (trial.r2[first], trial.r2[second]) for trial in shown)
    say_beyond(drawn, below)
    return drawn


def _wider(limits: tuple[float, float]) -> list[float]:
    room = (limits[1] - limits[0]) * 0.04
    return [limits[0] - room, limits[1] + room]


def _staircase(study: StudyRecord) -> list[tuple[float, float]]:
    """The front's corners, from the highest second R² to the highest first R²."""
    fronts = records.by_front(study.trials, study.watch)
    if not fronts:
        return []
    first, second = study.watch
    points = sorted({(t.r2[first] or 0.0, t.r2[second] or 0.0) for t in fronts[0]})
    corners = [points[0]]
    for before, after in pairwise(points):
        corners += [(before[0], after[1]), after]
    return corners
