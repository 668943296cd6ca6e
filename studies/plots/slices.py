"""Slices: score against each searched hyperparameter, a small plot for each."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from avq_core.display.palette import INK
from studies.plots.ranges import apart, axis_of, on_edge, r2_span, span
from studies.plots.style import SMALL, PlotlyOptions, bare, marks, short, words
from studies.records.provenance import SearchedParameter
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_FEW: Final = 8
"""Maximum number of integer values that each get a tick."""
_SPREAD: Final = 0.44
"""How far marks of one choice are spread, as a share of the distance between two choices."""
_LONG: Final = 14


def slices(study: StudyRecord) -> list[go.Figure]:
    """A plot for each searched hyperparameter, in the order of the space."""
    scored = [trial for trial in study.finished if trial.score is not None and trial.params]
    searched = dict.fromkeys(name for trial in scored for name in trial.params)
    declared = study.space.parameters
    names = [name for name in declared if name in searched]
    names += [name for name in searched if name not in declared]
    limits = r2_span([trial.score or 0.0 for trial in scored])
    return [_slice(study, scored, name, declared.get(name), limits) for name in names]


def choices_of(parameter: SearchedParameter | None, values: Sequence[Any]) -> list[Any] | None:
    """The choices to show side by side; `None` for a number."""
    listed = None if parameter is None else parameter.choices
    has_words = any(isinstance(v, bool) or not isinstance(v, int | float) for v in values)
    if listed is None and has_words:
        listed = tuple(sorted(set(values), key=str))
    # A study may have values that its space no longer lists.
    return None if listed is None else list(dict.fromkeys([*listed, *values]))


def _slice(
    study: StudyRecord,
    trials: Sequence[TrialRecord],
    name: str,
    parameter: SearchedParameter | None,
    limits: tuple[float, float],
) -> go.Figure:
    shown = [trial for trial in trials if name in trial.params]
    drawn = bare(short(name), height=SMALL)
    values = [trial.params[name] for trial in shown]
    listed = choices_of(parameter, values)
    across: Callable[[TrialRecord], float]
    if listed is not None:
        axis, across = _beside(listed, name)
        drawn.add_trace(_medians(shown, name, listed))
    else:
        axis = _number_axis(parameter, values)
        # The values of a small integer are columns, too.
        step = _column_step(parameter)
        width = 0.0 if step is None else _SPREAD * step

        def across(trial: TrialRecord) -> float:
            return float(trial.params[name]) + apart(trial, width)

    def place(trial: TrialRecord) -> tuple[float, float]:
        return across(trial), on_edge(trial.score or 0.0, limits)

    drawn.add_traces(marks(study, shown, place, small=True))
    drawn.update_layout(xaxis=axis, yaxis={"range": list(span(limits, pad=0.04))})
    return drawn


def _number_axis(parameter: SearchedParameter | None, values: Sequence[float]) -> PlotlyOptions:
    if parameter is None or (bounds := parameter.bounds) is None:
        return {"range": list(span([float(value) for value in values]))}
    axis = axis_of(bounds, log=parameter.log)
    integers = parameter.integers()
    if 0 < len(integers) <= _FEW:
        axis["tickvals"] = list(integers)
        axis["ticktext"] = [str(value) for value in integers]
        if not parameter.log:
            half = parameter.step / 2
            axis["range"] = [bounds[0] - half, bounds[1] + half]
    return axis


def _column_step(parameter: SearchedParameter | None) -> int | None:
    """Step between the columns of a small integer; `None` where there are no columns."""
    if parameter is None or parameter.log or not 0 < len(parameter.integers()) <= _FEW:
        return None
    return parameter.step


def _beside(
    listed: Sequence[Any], name: str
) -> tuple[PlotlyOptions, Callable[[TrialRecord], float]]:
    """Axis and positions of choices; marks of one choice are spread by their trials' numbers."""
    axis = {
        "range": [-0.5, len(listed) - 0.5],
        "tickvals": list(range(len(listed))),
        "ticktext": [words(_cut(str(choice))) for choice in listed],
        "showgrid": False,
    }

    def across(trial: TrialRecord) -> float:
        return listed.index(trial.params[name]) + apart(trial, _SPREAD)

    return axis, across


def _medians(trials: Sequence[TrialRecord], name: str, listed: Sequence[Any]) -> go.Scatter:
    """A dash at the median score of each choice's complete trials."""
    medians = []
    for place, choice in enumerate(listed):
        scores = sorted(
            t.score or 0.0 for t in trials if t.is_complete and t.params[name] == choice
        )
        if scores:
            middle = (scores[(len(scores) - 1) // 2] + scores[len(scores) // 2]) / 2
            medians.append((place, middle, len(scores)))
    return go.Scatter(
        x=[place for place, _, _ in medians],
        y=[middle for _, middle, _ in medians],
        customdata=[number for _, _, number in medians],
        mode="markers",
        showlegend=False,
        marker={"symbol": "line-ew", "size": 34, "line": {"color": INK, "width": 1.6}},
        hovertemplate="median of %{customdata} complete: %{y:.3f}<extra></extra>",
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
