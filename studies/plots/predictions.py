"""Predicted against true labels on the test split, a panel for each task."""

import math

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, GREY
from studies.plots.ranges import on_edge, span
from studies.plots.style import SMALL, bare, words
from studies.records.study import StudyRecord


def prediction(study: StudyRecord, task: str) -> go.Figure | None:
    """One task's panel; `None` where no clip has both values."""
    pairs = _pairs(study, task)
    if not pairs:
        return None
    traces, limits = _traces(study, task)
    drawn = bare(f"{task} (n {len(pairs)})", x="true", y="predicted", height=SMALL)
    drawn.add_traces(traces)
    drawn.update_layout(showlegend=False, xaxis={"range": limits}, yaxis={"range": limits})
    return drawn


def predicted_tasks(study: StudyRecord) -> list[str]:
    """Tasks for which the study keeps at least one prediction with its true label."""
    if study.predictions is None:
        return []
    return [task for task in study.predictions.tasks if _pairs(study, task)]


def _pairs(study: StudyRecord, task: str) -> list[tuple[float, float, str]]:
    """True label, prediction of the chosen configuration and group of each clip that has both."""
    kept = study.predictions
    if kept is None or kept.chosen is None or task not in kept.tasks:
        return []
    column = kept.tasks.index(task)
    return [
        (truth[column], predicted[column], group)
        for truth, predicted, group in zip(kept.truth, kept.chosen, kept.groups, strict=True)
        if not (math.isnan(truth[column]) or math.isnan(predicted[column]))
    ]


def _traces(study: StudyRecord, task: str) -> tuple[list[go.Scatter], list[float]]:
    pairs = _pairs(study, task)
    true = [truth for truth, _, _ in pairs]
    # Predictions far outside are drawn on the edge; otherwise they would flatten all others.
    low, high = span(true, pad=0.25)
    limits = (min(low, *_near(pairs, low, high)), max(high, *_near(pairs, low, high)))
    identity = go.Scatter(
        x=list(limits),
        y=list(limits),
        mode="lines",
        line={"color": GREY, "width": 1, "dash": "dash"},
        hoverinfo="skip",
        name="as true",
    )
    points = go.Scatter(
        x=true,
        y=[on_edge(predicted, limits) for _, predicted, _ in pairs],
        mode="markers",
        marker={"color": BLUE, "size": 6, "opacity": 0.65},
        name="chosen",
        hovertext=[
            f"{words(group)}<br>true {truth:.3f}, predicted {predicted:.3f}"
            for truth, predicted, group in pairs
        ],
        hoverinfo="text",
    )
    return [identity, points], list(limits)


def _near(pairs: list[tuple[float, float, str]], low: float, high: float) -> list[float]:
    """Predictions within half the range of true labels on either side; `low` where there are none."""
    wide = high - low
    return [p for _, p, _ in pairs if low - wide / 2 <= p <= high + wide / 2] or [low]
