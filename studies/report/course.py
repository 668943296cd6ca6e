"""The report's sections on the search: its history, its hyperparameters, task weights and pruning."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from studies.analysis.importance import importance, importance_sentences, importance_table
from studies.analysis.pruning_check import rung_table, sentences
from studies.analysis.weight_effects import MIN_TRIALS, weight_effects, weight_sentences
from studies.records.study import StudyRecord
from studies.report.document import Block, Plots, Section

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MARKS: Final = (
    "Point at a mark to read its metrics. Click a name in the legend to hide it, double-click to show "
    "it alone."
)
_CURVES: Final = (
    "Dotted lines are rungs, the epochs at which the pruner decides; a cross marks where it stopped "
    "a trial."
)
_LINES: Final = (
    "The darker a line, the higher its score: where the lines of the best quarter meet, a "
    "hyperparameter seems to matter. Double-click a quarter in the legend to show it alone. A line "
    "passes at the – where the trial does not have a conditional hyperparameter."
)
_SLICES: Final = (
    "Score against each hyperparameter, as suggested: dots are complete trials, crosses are pruned "
    "ones, whose score is of an earlier epoch. A dash is the median of a choice's complete trials. "
    "Only the ratios of task weights matter."
)


_WHOLE: Final = 2000
"""Width of a column that always fills the line."""


def course_sections(study: StudyRecord, *, with_plots: bool) -> Iterator[Section]:
    """History, hyperparameters, weights and pruning; nothing before the first trial with a score.

    Args:
        study: The study.
        with_plots: Whether to draw plots; otherwise, sections of plots alone are left out.
    """
    if not any(trial.score is not None for trial in study.trials):
        return
    if with_plots:
        yield Section(
            anchor="course", title="Search history", short="History", blocks=_course(study)
        )
    yield Section(
        anchor="settings",
        title="Hyperparameter importance",
        short="Importance",
        blocks=[
            *_importance(study, with_plots=with_plots),
            *(_slices(study) if with_plots else []),
        ],
    )
    weights = _weights(study, with_plots=with_plots)
    if weights:
        yield Section(
            anchor="weights", title="Effect of task weights", short="Task weights", blocks=weights
        )
    pruned = _pruning(study, with_plots=with_plots)
    if pruned:
        yield Section(anchor="pruning", title="Pruning", short="Pruning", blocks=pruned)


def _drawn(
    *plots: "go.Figure | None", column: int = 400, min_width: int = 0, note: str = ""
) -> list[Block]:
    drawn = [plot for plot in plots if plot is not None]
    return [Plots(plots=drawn, column=column, min_width=min_width, note=note)] if drawn else []


def _course(study: StudyRecord) -> list[Block]:
    from studies.plots.curves import curves
    from studies.plots.front import front
    from studies.plots.history import history

    lines = [curves(study, task) for task in study.watch.tasks]
    return [
        *_drawn(history(study), front(study), note=_MARKS),
        *_drawn(*lines, note=_CURVES),
    ]


def _importance(study: StudyRecord, *, with_plots: bool) -> list[Block]:
    importances = importance(study)
    blocks: list[Block] = [*importance_sentences(importances)]
    if with_plots:
        from studies.plots.importance import importance_bars

        return blocks + _drawn(importance_bars(importances), column=600)
    table = importance_table(importances)
    return blocks + ([table] if table else [])


def _slices(study: StudyRecord) -> list[Block]:
    from studies.plots.parallel import COLUMN, parallel
    from studies.plots.slices import slices

    small = slices(study)
    return [
        *_drawn(parallel(study), column=_WHOLE, min_width=COLUMN * (len(small) + 1), note=_LINES),
        *_drawn(*small, column=270, note=_SLICES),
    ]


def _weights(study: StudyRecord, *, with_plots: bool) -> list[Block]:
    if not any("task_weights." in name for trial in study.trials for name in trial.params):
        return []
    effects = weight_effects(study)
    if not effects:
        return [
            f"Fewer than {MIN_TRIALS} complete trials with searched weights: too few for an estimate."
        ]
    blocks: list[Block] = [*weight_sentences(effects)]
    if with_plots:
        from studies.plots.weights import min_width, weight_map

        blocks += _drawn(weight_map(effects), column=_WHOLE, min_width=min_width(effects))
    return blocks


def _pruning(study: StudyRecord, *, with_plots: bool) -> list[Block]:
    table = rung_table(study)
    blocks: list[Block] = [*sentences(study), *([table] if table else [])]
    if with_plots:
        from studies.plots.pruning import pruning

        blocks += _drawn(pruning(study), column=560)
    return blocks
