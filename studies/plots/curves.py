"""Learning curves: a task's validation R² by epoch, with rungs and the ends of pruned trials."""

import math
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, GREEN, GREY, MUTED, VERMILION
from studies.plots.ranges import note_outside, r2_span
from studies.plots.style import KINDS, PlotlyOptions, bare
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_TOP: Final = 5
_MAX_RUNGS: Final = 12
_DRAWN: Final[tuple[tuple[str, PlotlyOptions], ...]] = (
    ("pruned", {"color": GREY, "width": 1}),
    ("others", {"color": BLUE, "width": 1}),
    ("next best", {"color": BLUE, "width": 1.8}),
    ("baseline", {"color": VERMILION, "width": 2.4, "dash": "dash"}),
    ("best", {"color": GREEN, "width": 2.6}),
)
"""In drawing order: the last are on top."""
_OPACITY: Final = {"pruned": 0.45, "others": 0.3, "next best": 0.8}


def curves(study: StudyRecord, task: str) -> go.Figure | None:
    """A line for each trial; `None` where no trial has this R²."""
    lines = {trial.number: _curve(trial, task) for trial in study.trials}
    trials = [trial for trial in study.trials if lines[trial.number]]
    if not trials:
        return None
    drawn = bare(f"{task} R² by epoch", x="epoch", y="validation R²")
    roles = _roles(study)
    for role, line in _DRAWN:
        in_role = [t for t in trials if roles.get(t.number, _plain(t)) == role]
        if in_role:
            drawn.add_trace(_line(role, line, [(t.number, lines[t.number]) for t in in_role]))
    if pruned := [trial for trial in trials if trial.state == "pruned"]:
        drawn.add_trace(_ends([(t.number, lines[t.number][-1]) for t in pruned]))
    for epoch in rungs(study):
        drawn.add_vline(x=epoch, line={"color": MUTED, "width": 1, "dash": "dot"}, layer="below")
    # The range follows judged epochs: R² in between decides nothing, and may be very low at first.
    judged = [
        entry.r2.get(task, math.nan)
        for trial in trials
        for entry in trial.history
        if entry.judged or entry is trial.history[-1]
    ]
    low, high = r2_span([value for value in judged if not math.isnan(value)])
    drawn.update_layout(yaxis={"range": [low, high]})
    below = sum(any(value < low for _, value in lines[t.number]) for t in trials)
    note_outside(drawn, below, "their lines leave it")
    return drawn


def rungs(study: StudyRecord) -> list[int]:
    """Rungs of the searched trials; empty where there are too many to draw."""
    searched = [trial for trial in study.trials if not trial.baseline]
    epochs = sorted({epoch.epoch for trial in searched for epoch in trial.judged})
    return epochs if len(epochs) <= _MAX_RUNGS else []


def _curve(trial: TrialRecord, task: str) -> list[tuple[int, float]]:
    """Epoch and R² of the epochs where R² is defined."""
    return [
        (entry.epoch, value)
        for entry in trial.history
        if not math.isnan(value := entry.r2.get(task, math.nan))
    ]


def _roles(study: StudyRecord) -> dict[int, str]:
    """Trials whose lines are drawn in a special style, with the name of that style."""
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
    name: str, line: PlotlyOptions, curves_by_trial: Sequence[tuple[int, list[tuple[int, float]]]]
) -> go.Scatter:
    """All lines of one style as one trace, with gaps between trials."""
    x: list[int | None] = []
    y: list[float | None] = []
    numbers: list[int | None] = []
    for number, points in curves_by_trial:
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
    """Marks where pruned trials were stopped."""
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
