"""A plot of the rules: epochs against the best trials that they stop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avq_core.display.palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from avq_core.evaluation.intervals import Interval
from avq_core.files import whole_binary_file
from benchmarks.pruners.rules import NOTHING
from benchmarks.pruners.summary import Row

_COLOURS: Final = (BLACK, ORANGE, SKY, GREEN, PURPLE, BLUE, GREY)
_SHAPES: Final = "osD^v<>Ph"
_OURS: Final = VERMILION
_OUR_SHAPES: Final = "*PXH8d"
_TARGET_EPOCHS, _TARGET_MISSED = 20, 2
"""The most that our rule should spend and miss, in per cent."""


def write_plot(path: Path, rows: Sequence[Row], *, title: str) -> None:
    """Writes a PNG of two panels: best pruned and scaled regret, both against epochs.

    Raises:
        ConfigError: The file cannot be written.
    """
    with mpl.rc_context({"font.size": 9, "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 4.4), layout="constrained")
        figure.suptitle(title, fontsize=10)
        left, right = figure.subplots(1, 2)
        # No pruning is at 100 % and 0 by definition, and would squeeze the others together.
        peers = [row for row in rows if row.rule != NOTHING and not _is_ours(row)]
        for kind in (peers, list(filter(_is_ours, rows))):
            for number, row in enumerate(kind):
                _mark(left, row, row.missed, 100, number)
                _mark(right, row, row.scaled, 1, number)
        _targets(left)
        left.set_ylabel("studies in which the best was pruned (%)")
        right.set_ylabel("regret (0 best, 1 median configuration)")
        for axes in (left, right):
            axes.set_xlabel("epochs (% of no pruning)")
            axes.set_xlim(left=0)
            axes.spines[["top", "right"]].set_visible(False)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
        with whole_binary_file(path) as file:
            figure.savefig(file, format="png", dpi=150)


def _is_ours(row: Row) -> bool:
    return row.rule.partition(":")[0] == "cycle"


def _mark(axes: Axes, row: Row, value: Interval, factor: float, number: int) -> None:
    ours = _is_ours(row)
    colour = _OURS if ours else _COLOURS[number % len(_COLOURS)]
    shapes = _OUR_SHAPES if ours else _SHAPES
    shape = shapes[number % len(shapes)]
    axes.errorbar(
        100 * row.share.value, factor * value.value,
        xerr=_bar(row.share, 100), yerr=_bar(value, factor),
        fmt=shape, color=colour, markersize=9 if ours else 6, capsize=2, elinewidth=1,
        zorder=3 if ours else 2, label=row.rule,
    )  # fmt: skip


def _bar(interval: Interval, factor: float) -> list[list[float]]:
    """Lengths of an error bar, below and above."""
    below, above = interval.value - interval.low, interval.high - interval.value
    return [[max(0.0, factor * below)], [max(0.0, factor * above)]]


def _targets(axes: Axes) -> None:
    for draw, place in ((axes.axvline, _TARGET_EPOCHS), (axes.axhline, _TARGET_MISSED)):
        draw(place, color=GREY, linewidth=0.8, linestyle="--", zorder=1)
