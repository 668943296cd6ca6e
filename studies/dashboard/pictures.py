"""A trial's learning curves as a PNG: both watched R² by epoch, its rungs, and why it ended."""

import io
import math
import textwrap
import uuid
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from avq_core.display.numbers import metric_text
from avq_core.display.palette import BAD, BLUE, GOOD, GREY, INK, MUTED, SHADE, VERMILION
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILENAME: Final = "learning-curves.png"
_VERSION: Final = 1
_NAMESPACE: Final = uuid.UUID("6f6c6f3e-53d5-4b44-8f0e-5d5c63a7a1c4")
_INCHES, _DPI = (6.4, 4.0), 100
_STYLES: Final = ((BLUE, "-"), (VERMILION, "--"))
_TITLE_COLOURS: Final = {"complete": GOOD, "pruned": BAD, "failed": BAD}
_TITLE_WIDTH: Final = 96
_BULK: Final = 0.1
"""Share of the lowest values that may be outside the plot: R² of a first epoch may be -40."""
_drawing = Lock()
"""Matplotlib's fonts and settings are shared by threads, so only one may draw."""


def has_picture(trial: TrialRecord) -> bool:
    """Whether there is anything to draw."""
    return len(trial.history) > 0 and trial.has_ended


def artifact_id(study: StudyRecord, trial: TrialRecord) -> str:
    """The picture's id: stable for a trial, but different for another trial of the same number."""
    content = (_VERSION, study.name, trial.number, trial.state, trial.seconds, trial.score)
    return str(uuid.uuid5(_NAMESPACE, repr(content)))


def draw(study: StudyRecord, trial: TrialRecord) -> bytes:
    """The PNG, 640 × 400 pixels."""
    from matplotlib.figure import Figure

    with _drawing:
        page = Figure(figsize=_INCHES, dpi=_DPI)
        axes = page.add_axes((0.115, 0.125, 0.865, 0.7))
        tasks = list(study.watch.tasks)
        for task, (colour, dash) in zip(tasks, _STYLES, strict=False):
            _curve(axes, trial, task, colour, dash)
        _rungs(axes, trial)
        axes.set_ylim(*_span([v for task in tasks for _, v in _points(trial, task)]))
        axes.set_xlim(0.5, max(trial.planned_epochs, trial.epochs) + 0.5)
        axes.set_xlabel(
            "epoch (dotted: judged, star: its score, grey: not trained)", fontsize=9, color=MUTED
        )
        axes.set_ylabel("validation R²", fontsize=9, color=MUTED)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, loc="lower right", framealpha=0.8)
        first, second = _title(trial)
        page.text(0.02, 0.95, first, fontsize=11, weight="bold", color=_TITLE_COLOURS[trial.state])
        page.text(0.02, 0.925, second, fontsize=8, color=INK, va="top")
        file = io.BytesIO()
        page.savefig(file, format="png")
    return file.getvalue()


def _curve(axes: "Axes", trial: TrialRecord, task: str, colour: str, dash: str) -> None:
    points = _points(trial, task)
    label = f"{task}: {metric_text(trial.r2.get(task))}"
    axes.plot([e for e, _ in points], [v for _, v in points], dash, color=colour, label=label)
    judged = {entry.epoch for entry in trial.judged}
    marks = [point for point in points if point[0] in judged]
    axes.plot([e for e, _ in marks], [v for _, v in marks], "o", color=colour, markersize=4)
    best = [point for point in points if point[0] == trial.best_epoch]
    axes.plot([e for e, _ in best], [v for _, v in best], "*", color=colour, markersize=13)


def _rungs(axes: "Axes", trial: TrialRecord) -> None:
    for entry in trial.judged:
        axes.axvline(entry.epoch, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    if trial.planned_epochs > trial.epochs:
        axes.axvspan(trial.epochs, trial.planned_epochs + 1, color=SHADE, zorder=-1)


def _points(trial: TrialRecord, task: str) -> list[tuple[int, float]]:
    return [
        (entry.epoch, value)
        for entry in trial.history
        if not math.isnan(value := entry.r2.get(task, math.nan))
    ]


def _span(values: Sequence[float]) -> tuple[float, float]:
    """A range that holds all but the lowest few values."""
    if not values:
        return -0.1, 1.0
    ranked = sorted(values)
    low, high = ranked[int(len(ranked) * _BULK)], ranked[-1]
    reach = max(high - low, 0.1)
    return max(ranked[0], low - reach) - 0.06 * reach, high + 0.1 * reach


def _title(trial: TrialRecord) -> tuple[str, str]:
    """The trial and how it ended; then the reason, in at most two lines."""
    spent = f", {trial.epochs} of {trial.planned_epochs} epochs" if trial.planned_epochs else ""
    name = f"trial {trial.number}{' (baseline)' if trial.baseline else ''}"
    # Matplotlib reads dollar signs as formulas.
    reason = (trial.reason or "").replace("$", r"\$")
    why = textwrap.wrap(reason, _TITLE_WIDTH, max_lines=2, placeholder=" …")
    return f"{name}: {trial.state}{spent}, score {metric_text(trial.score)}", "\n".join(why)
