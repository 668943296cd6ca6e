"""Epochs spent and epochs saved by pruning, by the rung at which trials ended."""

from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, GREEN
from studies.plots.style import bare
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_LAST: Final = 1_000_000_000
"""Sorts after every epoch."""


def pruning(study: StudyRecord) -> go.Figure | None:
    """A bar for each rung; `None` for a study without pruned trials."""
    if not any(trial.state == "pruned" for trial in study.trials):
        return None
    groups: dict[tuple[int, str], list[TrialRecord]] = {}
    for trial in study.trials:
        if trial.epochs:
            groups.setdefault(_end(trial), []).append(trial)
    rows = [(name, groups[place, name]) for place, name in sorted(groups)]
    spent = [sum(trial.epochs for trial in trials) for _, trials in rows]
    saved = [
        sum(max(t.planned_epochs - t.epochs, 0) for t in trials if t.state == "pruned")
        for _, trials in rows
    ]
    drawn = bare("Epochs spent and saved, by where trials ended", y="epochs")
    names = [f"{name}<br>{len(trials)} trial{'s'[: len(trials) != 1]}" for name, trials in rows]
    for name, values, pattern, colour in (
        ("spent", spent, "", BLUE),
        ("saved by pruning", saved, "/", GREEN),
    ):
        drawn.add_bar(
            x=names,
            y=values,
            name=name,
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "bgcolor": "white", "fgcolor": colour, "size": 6},
            },
            hovertemplate=f"%{{y}} epochs {name}<extra></extra>",
        )
    drawn.update_layout(
        barmode="stack", bargap=0.35, xaxis={"tickangle": 0, "tickfont": {"size": 11}}
    )
    return drawn


def _end(trial: TrialRecord) -> tuple[int, str]:
    if trial.state == "pruned":
        return trial.epochs, f"epoch {trial.epochs}"
    if trial.state == "complete":
        return _LAST, "the end"
    return _LAST + 1, "running" if trial.state == "running" else "interrupted"
