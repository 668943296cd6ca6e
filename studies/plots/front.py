"""Scatter plot of the two watched R² of all trials, with the Pareto front."""

from itertools import pairwise

import plotly.graph_objects as go

from avq_core.display.palette import GREEN
from studies.plots.ranges import note_outside, on_edge, r2_span
from studies.plots.style import bare, marks
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


def front(study: StudyRecord) -> go.Figure | None:
    """A mark for each trial with both R²; `None` where the two are one task or no trial has both."""
    first, second = study.watch.cross_modal, study.watch.overall
    shown = [trial for trial in study.trials if study.watch.pick(trial.r2).is_finite]
    if not shown or first == second:
        return None
    across = r2_span([trial.r2[first] for trial in shown])
    up = r2_span([trial.r2[second] for trial in shown])

    def place(trial: TrialRecord) -> tuple[float, float]:
        return on_edge(trial.r2[first], across), on_edge(trial.r2[second], up)

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
    note_outside(drawn, below)
    return drawn


def _wider(limits: tuple[float, float]) -> list[float]:
    room = (limits[1] - limits[0]) * 0.04
    return [limits[0] - room, limits[1] + room]


def _staircase(study: StudyRecord) -> list[tuple[float, float]]:
    """Corners of the front's step line, from the highest second R² to the highest first R²."""
    if not study.pareto_front:
        return []
    first, second = study.watch.cross_modal, study.watch.overall
    points = sorted({(trial.r2[first], trial.r2[second]) for trial in study.pareto_front})
    corners = [points[0]]
    for before, after in pairwise(points):
        corners += [(before[0], after[1]), after]
    return corners
