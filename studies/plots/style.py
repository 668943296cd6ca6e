"""Shared style of all plots: layout, marks of trials, hover texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any, Final

import plotly.graph_objects as go

from avq_core.display.numbers import metric_text
from avq_core.display.palette import BLUE, CHOSEN, GOOD, GREY, INK, MANUAL, ORANGE, RULE
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
HEIGHT: Final = 360
"""Height of a plot with a column to itself, in pixels."""
SMALL: Final = 250
"""Height of one plot among many, in pixels."""
PlotlyOptions = dict[str, Any]
"""Options of a trace or an axis, as Plotly defines them."""
_MAX_METRICS: Final = 8
_HOVER_WIDTH: Final = 56


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The mark of a kind of trial."""

    symbol: str
    colour: str
    size: float


KINDS: Final = {
    "failed": Kind(symbol="triangle-down-open", colour=GREY, size=7),
    "running": Kind(symbol="circle-open", colour=ORANGE, size=7),
    "pruned": Kind(symbol="x-thin", colour=GREY, size=6),
    "complete": Kind(symbol="circle", colour=BLUE, size=7),
    "baseline": Kind(symbol="diamond", colour=MANUAL, size=11),
    "best": Kind(symbol="star", colour=GOOD, size=14),
    "chosen": Kind(symbol="square", colour=CHOSEN, size=11),
}
"""In drawing order: the last are on top."""

_AXIS: Final = {
    "gridcolor": RULE,
    "linecolor": GREY,
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": RULE,
    "automargin": True,
    "title": {"standoff": 8, "font": {"size": 12}},
}
TEMPLATE: Final = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 48, "r": 12, "t": 12, "b": 44},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "title": {"font": {"size": 14}, "x": 0, "xanchor": "left", "automargin": True},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 11},
        },
        "hoverlabel": {"align": "left", "bgcolor": "white", "font": {"family": FONT, "size": 12}},
        "hovermode": "closest",
    }
)


def words(text: object) -> str:
    """Text escaped for Plotly, which reads some HTML and decodes only some entities."""
    return escape(str(text), quote=False).replace("\n", " ")


def bare(title: str, *, x: str = "", y: str = "", height: int = HEIGHT) -> go.Figure:
    """A plot without traces; escapes its texts."""
    margin = {"b": 28} if not x else {}
    return go.Figure(
        layout={
            "template": TEMPLATE,
            "title": {"text": words(title)},
            "height": height,
            "margin": margin,
            "xaxis": {"title": {"text": words(x)}},
            "yaxis": {"title": {"text": words(y)}},
        }
    )


def short(name: str) -> str:
    """A hyperparameter's short name for an axis: `lr` for `optim.lr`."""
    leaf = name.rsplit(".", 1)[-1]
    return f"weight of {leaf}" if "task_weights." in name else leaf


def by_kind(
    study: StudyRecord, trials: Sequence[TrialRecord]
) -> list[tuple[str, Kind, list[TrialRecord]]]:
    """Trials by kind, with the kind's name in the legend and its mark, in drawing order."""
    best, baseline = study.best, study.baseline
    special: dict[int, str] = {}
    if baseline is not None:
        special[baseline.number] = "baseline"
    if study.chosen is not None:
        special[study.chosen] = "chosen"
    if best is not None:
        special[best.number] = "best"
    groups: dict[str, list[TrialRecord]] = {name: [] for name in KINDS}
    for trial in trials:
        groups.setdefault(special.get(trial.number, trial.state), []).append(trial)
    names = {}
    if best is not None and best.number == study.chosen:
        names["best"] = "best, chosen"
    return [
        (names.get(name, name), KINDS[name], members)
        for name, members in groups.items()
        if members and name in KINDS
    ]


def marks(
    study: StudyRecord,
    trials: Sequence[TrialRecord],
    place: Callable[[TrialRecord], tuple[float, float]],
    *,
    small: bool = False,
) -> list[go.Scatter]:
    """A mark for each trial at its `place`, a trace for each kind; `small` marks have short hover texts."""
    return [
        go.Scatter(
            x=[place(trial)[0] for trial in members],
            y=[place(trial)[1] for trial in members],
            mode="markers",
            name=name,
            showlegend=not small,
            hovertext=[_named(trial) if small else tip(study, trial) for trial in members],
            hoverinfo="text",
            marker={
                "symbol": kind.symbol,
                "color": kind.colour,
                "size": kind.size * (0.8 if small else 1.0),
                "line": {
                    "width": 1.4 if "thin" in kind.symbol or "open" in kind.symbol else 0.7,
                    "color": kind.colour
                    if "thin" in kind.symbol or "open" in kind.symbol
                    else "white",
                },
            },
        )
        for name, kind, members in by_kind(study, trials)
    ]


def tip(study: StudyRecord, trial: TrialRecord) -> str:
    """The hover text of a trial's mark."""
    lines = [_named(trial)]
    shown = [*dict.fromkeys((*study.watch.tasks, *trial.r2))][:_MAX_METRICS]
    lines += [
        f"{words(task)} R² {metric_text(trial.r2[task])}" for task in shown if task in trial.r2
    ]
    if trial.reason:
        lines += [words(line) for line in wrap(trial.reason, _HOVER_WIDTH)[:4]]
    return "<br>".join(lines)


def _named(trial: TrialRecord) -> str:
    which = f"<b>trial {trial.number}</b>{' (baseline)' if trial.baseline else ''}"
    return f"{which}, {trial.state}<br>score {metric_text(trial.score)}"
