"""A task's validation R² by epoch, with the rungs marked and the pruned trials' ends."""

import math
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, GREEN, GREY, MUTED, VERMILION
from studies.plots.ranges import r2_span, say_beyond
from studies.plots.style import KINDS, bare
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_TOP: Final = 5
_MOST_RUNGS: Final = 12
_DRAWN: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("pruned", {"color": GREY, "width": 1}),
    ("others", {"color": BLUE, "width": 1}),
    ("next best", {"color": BLUE, "width": 1.8}),
    ("baseline", {"color": VERMILION, "width": 2.4, "dash": "dash"}),
    ("best", {"color": GREEN, "width": 2.6}),
)
"""In the order of drawing: the last are on top."""
_OPACITY: Final = {"pruned": 0.45, "others": 0.3, "next best": 0.8}


def curves(study: StudyRecord, task: str) -> go.Figure | None:
    """A line for each trial; `None` where no trial has that R²."""
    lines = {trial.number: _curve(trial, task) for trial in study.trials}
    trials = [trial for trial in study.trials if lines[trial.number]]
    if not trials:
        return None
    drawn = bare(f"{task} R² by epoch", x="epoch", y="validation R²")
    roles = _roles(study)
    for role, line in _DRAWN:
        own = [t for t in trials if roles.get(t.number, _plain(t)) == role]
        if own:
            drawn.add_trace(_line(role, line, [(t.number, lines[t.number]) for t in own]))
    if pruned := [trial for trial in trials if trial.state == "pruned"]:
        drawn.add_trace(_ends([(t.number, lines[t.number][-1]) for t in pruned]))
    for epoch in rungs(study):
        drawn.add_vline(x=epoch, line={"color": MUTED, "width": 1, "dash": "dot"}, layer="below")
    # R² between rungs belongs to no decision, and the first epochs' may be far below.
    judged = [
        entry.r2.get(task, math.nan)
        for trial in trials
        for entry in trial.history
        if entry.judged or entry is trial.history[-1]
    ]
    low, high = r2_span([value for value in judged if not math.isnan(value)])
    drawn.update_layout(yaxis={"range": [low, high]})
    below = sum(any(value < low for _, value in lines[t.number]) for t in trials)
    say_beyond(drawn, below, "their lines leave it")
    return drawn


def rungs(study: StudyRecord) -> list[int]:
    """Rungs of the searched trials; none where there are too many to draw."""
    own = [trial for trial in study.trials if not trial.baseline]
    found = sorted({epoch.epoch for trial in own for epoch in trial.judged})
    return found if len(found) <= _MOST_RUNGS else []


def _curve(trial: TrialRecord, task: str) -> list[tuple[int, float]]:
    """Epoch and R², where it is defined."""
    return [
        (entry.epoch, value)
        for entry in trial.history
        if not math.isnan(value := entry.r2.get(task, math.nan))
    ]


def _roles(study: StudyRecord) -> dict[int, str]:
    """Trials that get a line of their own kind."""
    roles = {trial.number: "next best" for trial in study.ranked[1:_TOP]}
    baseline = study.baseline
    if baseline is not None:
        roles[baseline.number] = "baseline"
    if (best := study.best) is not None:
        roles[best.number] = "best"
    return roles


def _plain(trial: TrialRecord) -> str:
    return "pruned" if trial.state == "pruned" else "others"


def _line(
    name: str, line: dict[str, Any], own: Sequence[tuple[int, list[tuple[int, float]]]]
) -> go.Scatter:
    """All lines of a kind as one trace, with gaps between trials."""
    x: list[int | None] = []
    y: list[float | None] = []
    numbers: list[int | None] = []
    for number, points in own:
        x += [*(epoch for epoch, _ in points), None]
        y += [*(value for _, value in points), None]
        numbers += [*(number for _ in points), None]
    return go.Scatter(
        x=x,
        y=y,
        customdata=numbers,
        mode="lines",
        line=line,
        name=name,
        opacity=_OPACITY.get(name, 1.0),
        hovertemplate="trial %{customdata}, epoch %{x}: %{y:.3f}<extra></extra>",
    )


def _ends(ends: Sequence[tuple[int, tuple[int, float]]]) -> go.Scatter:
    """Where pruned trials were stopped."""
    kind = KINDS["pruned"]
    return go.Scatter(
        x=[epoch for _, (epoch, _) in ends],
        y=[value for _, (_, value) in ends],
        customdata=[number for number, _ in ends],
        mode="markers",
        name="stopped here",
        marker={"symbol": kind.symbol, "size": 6, "line": {"color": kind.colour, "width": 1.4}},
        hovertemplate="trial %{customdata} was stopped at epoch %{x}: %{y:.3f}<extra></extra>",
    )
