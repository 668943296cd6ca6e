"""Parallel coordinates: a line for each complete trial, an axis for the score and each hyperparameter.

Drawn as plain lines: Plotly's own trace for it needs WebGL, which browsers on servers and in virtual
machines lack.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import GREY, MUTED, QUARTERS
from studies.plots.ranges import apart, log_ticks, on_edge, r2_span
from studies.plots.slices import choices_of
from studies.plots.style import HEIGHT, PlotlyOptions, bare, short, words
from studies.records.provenance import SearchedParameter
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_MIN_TRIALS: Final = 4
COLUMN: Final = 68
"""Width of an axis, in pixels."""
# From cividis, which is safe for colour-blind readers; the best quarter is dark and thick.
_QUARTERS: Final = (
    ("worst quarter", QUARTERS[0], 1.0),
    ("third quarter", QUARTERS[1], 1.0),
    ("second quarter", QUARTERS[2], 1.2),
    ("best quarter", QUARTERS[3], 1.8),
)
_ABSENT_AT: Final = -0.14
_TICKS: Final = 3
_MAX_INTEGERS: Final = 8
_MAX_LABEL: Final = 10
_STRIP: Final = 0.05
"""How far the lines of one choice are spread, as a share of the axis."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Axis:
    name: str
    """Label, escaped for Plotly."""
    heights: list[float]
    """Position of each trial: 0 to 1, or below 0 for a trial without the hyperparameter."""
    hovers: list[str]
    """Hover text of each trial."""
    ticks: list[tuple[float, str]]


def parallel(study: StudyRecord) -> go.Figure | None:
    """The plot; `None` with fewer than four complete trials."""
    trials = study.searched
    if len(trials) < _MIN_TRIALS:
        return None
    declared = study.space.parameters
    searched = dict.fromkeys(name for trial in trials for name in trial.params)
    names = [name for name in declared if name in searched]
    names += [name for name in searched if name not in declared]
    axes = [_scores(trials), *(_axis(name, declared.get(name), trials) for name in names)]
    title = f"The {len(trials)} complete trials, a line each"
    drawn = bare(title, height=HEIGHT + 80)
    ranked = sorted(range(len(trials)), key=lambda place: trials[place].score or 0.0)
    for quarter, (name, colour, width) in enumerate(_QUARTERS):
        members = ranked[len(ranked) * quarter // 4 : len(ranked) * (quarter + 1) // 4]
        drawn.add_trace(_lines(name, {"color": colour, "width": width}, axes, members, trials))
    _write_ticks(drawn, axes)
    for place in range(len(axes)):
        drawn.add_vline(x=place, line={"color": GREY, "width": 1}, layer="below")
    drawn.update_layout(
        xaxis={
            "side": "top",
            "range": [-0.7, len(axes) - 0.8],
            "tickvals": list(range(len(axes))),
            "ticktext": [axis.name for axis in axes],
            "tickangle": -30,
            "showgrid": False,
            "ticks": "",
        },
        yaxis={"visible": False, "range": [_ABSENT_AT - 0.06, 1.06]},
        legend={"y": -0.02, "yanchor": "top", "traceorder": "reversed"},
        margin={"l": 12, "r": 24},
    )
    return drawn


def _scores(trials: Sequence[TrialRecord]) -> _Axis:
    scores = [trial.score or 0.0 for trial in trials]
    limits = r2_span(scores)
    wide = limits[1] - limits[0]
    marked = [limits[0] + wide * share for share in (0.05, 0.5, 0.95)]
    return _Axis(
        name="<b>score</b>",
        heights=[(on_edge(score, limits) - limits[0]) / wide for score in scores],
        hovers=[f"score {score:.3f}" for score in scores],
        ticks=[((tick - limits[0]) / wide, f"{tick:.2f}") for tick in marked],
    )


def _axis(name: str, parameter: SearchedParameter | None, trials: Sequence[TrialRecord]) -> _Axis:
    """A hyperparameter's axis; lines of trials without it pass below all of its values."""
    values = [trial.params[name] for trial in trials if name in trial.params]
    listed = choices_of(parameter, values)
    if listed is not None:
        last = max(len(listed) - 1, 1)
        ticks = [(place / last, str(choice)) for place, choice in enumerate(listed)]
        heights = [
            listed.index(trial.params[name]) / last + apart(trial, _STRIP)
            if name in trial.params
            else _ABSENT_AT
            for trial in trials
        ]
    else:
        low, high = (parameter and parameter.bounds) or (min(values), max(values))
        is_log = parameter is not None and parameter.log
        scale = math.log10 if is_log else float
        start, wide = scale(low), (scale(high) - scale(low)) or 1.0
        marked = log_ticks(low, high) if is_log else _even(low, high, parameter)
        ticks = [((scale(tick) - start) / wide, f"{tick:g}") for tick in marked]
        heights = [
            (scale(trial.params[name]) - start) / wide if name in trial.params else _ABSENT_AT
            for trial in trials
        ]
    if len(values) < len(trials):
        ticks = [*ticks, (_ABSENT_AT, "–")]
    return _Axis(
        name=words(short(name)),
        heights=heights,
        hovers=[f"{words(name)}: {_value(trial, name)}" for trial in trials],
        ticks=[(height, words(text[:_MAX_LABEL])) for height, text in ticks],
    )


def _value(trial: TrialRecord, name: str) -> str:
    if name not in trial.params:
        return "not suggested"
    value = trial.params[name]
    return f"{value:.3g}" if isinstance(value, float) else words(value)


def _even(low: float, high: float, parameter: SearchedParameter | None) -> list[float]:
    """Ticks at both ends and the middle; at every value where there are only a few integers."""
    integers = range(0) if parameter is None else parameter.integers()
    if 0 < len(integers) <= _MAX_INTEGERS:
        return [float(value) for value in integers]
    return [low + (high - low) * place / (_TICKS - 1) for place in range(_TICKS)]


def _lines(
    name: str,
    line: PlotlyOptions,
    axes: Sequence[_Axis],
    members: Sequence[int],
    trials: Sequence[TrialRecord],
) -> go.Scatter:
    """The lines of one quarter as one trace, with gaps between trials."""
    x: list[int | None] = []
    y: list[float | None] = []
    hovers: list[str | None] = []
    numbers: list[int | None] = []
    for place in members:
        x += [*range(len(axes)), None]
        y += [*(axis.heights[place] for axis in axes), None]
        hovers += [*(axis.hovers[place] for axis in axes), None]
        numbers += [*(trials[place].number for _ in axes), None]
    return go.Scatter(
        x=x,
        y=y,
        text=hovers,
        customdata=numbers,
        mode="lines",
        name=name,
        line=line,
        opacity=0.75,
        hovertemplate="trial %{customdata}<br>%{text}<extra></extra>",
    )


def _write_ticks(drawn: go.Figure, axes: Sequence[_Axis]) -> None:
    """Adds the tick labels of each axis, on a background that hides the lines."""
    for place, axis in enumerate(axes):
        for height, text in axis.ticks:
            drawn.add_annotation(
                x=place,
                y=height,
                text=text,
                showarrow=False,
                xanchor="right",
                xshift=-2,
                font={"size": 10, "color": MUTED},
                bgcolor="rgba(255, 255, 255, 0.85)",
                borderpad=1,
            )
