"""Heat map of the correlations of each task's weight with each task's R²."""

from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import BLUE, VERMILION
from studies.analysis.weight_effects import Effect, weight_effects
from studies.plots.style import bare, words
from studies.records.study import StudyRecord

_ROW: Final = 40
_FRAME: Final = 130
_SIDES, _CELL, _SMALL_CELL = 190, 58, 30
_FEW: Final = 9
"""Maximum number of tasks for which a cell has room for its number."""


def weights(study: StudyRecord) -> go.Figure | None:
    """A row for each weight, a column for each R²; `None` where no weight was searched."""
    return weight_map(weight_effects(study))


def weight_map(effects: list[Effect]) -> go.Figure | None:
    """Draws effects; `None` where there are none."""
    if not effects:
        return None
    rows = list(dict.fromkeys(effect.weight_of for effect in effects))
    columns = list(dict.fromkeys(effect.r2_of for effect in effects))
    cells = {(effect.weight_of, effect.r2_of): effect for effect in effects}
    grid = [[cells.get((row, column)) for column in columns] for row in rows]
    height = _FRAME + _ROW * len(rows) * min(1.0, _FEW / len(rows))
    title = "Weight of a task and R² of a task: rank correlations"
    drawn = bare(title, x="R² of", y="weight of", height=round(height))
    drawn.add_heatmap(
        z=[[None if cell is None else cell.correlation for cell in line] for line in grid],
        x=[words(column) for column in columns],
        y=[words(row) for row in rows],
        text=[[_text(cell) for cell in line] for line in grid] if len(rows) <= _FEW else None,
        texttemplate="%{text}" if len(rows) <= _FEW else None,
        hovertext=[[_hover(cell) for cell in line] for line in grid],
        hoverinfo="text",
        # Vermilion to blue is safe for colour-blind readers; white is zero.
        colorscale=[[0, VERMILION], [0.5, "white"], [1, BLUE]],
        zmin=-1,
        zmax=1,
        xgap=2,
        ygap=2,
        colorbar={"thickness": 10, "title": {"text": "ρ"}},
    )
    drawn.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False}, xaxis={"showgrid": False}
    )
    return drawn


def min_width(effects: list[Effect]) -> int:
    """Width in pixels below which a cell has no room for its text."""
    columns = len({effect.r2_of for effect in effects})
    return _SIDES + columns * (_CELL if columns <= _FEW else _SMALL_CELL)


def _text(cell: Effect | None) -> str:
    if cell is None:
        return ""
    number = f"{cell.correlation:+.2f}"
    return f"<b>{number} *</b>" if cell.stands_out else number


def _hover(cell: Effect | None) -> str:
    if cell is None:
        return "too few trials"
    apart = "stands out after correction" if cell.stands_out else "may well be chance"
    return (
        f"weight of {words(cell.weight_of)}, R² of {words(cell.r2_of)}<br>"
        f"ρ {cell.correlation:+.2f} over {cell.num_trials} trials: {apart}"
    )
