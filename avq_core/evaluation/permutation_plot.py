"""A plot of permutation importance: a panel for each task, a bar for each stream."""

import math

from matplotlib.figure import Figure

from avq_core.display.numbers import metric_text
from avq_core.display.palette import BLUE, INK
from avq_core.evaluation.permutation import Importance

_PANEL, _COLUMNS = 3.2, 3


def draw(importance: Importance) -> Figure:
    """Draws R² lost with 95 % intervals, most important stream on top, all panels on one scale."""
    tasks, streams = list(importance.r2), list(importance.streams)
    columns = min(_COLUMNS, len(tasks))
    rows = -(-len(tasks) // columns)
    height = rows * (0.9 + 0.28 * len(streams)) + 0.4
    figure = Figure(figsize=(columns * _PANEL, height), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for number, panel in enumerate(panels.flat):
        if number >= len(tasks):
            panel.set_axis_off()
            continue
        task = tasks[number]
        for place, stream in enumerate(streams):
            lost = importance.streams[stream].r2[task]
            if not math.isfinite(lost.value):
                panel.text(0, place, "n/a", va="center", fontsize=8)
                continue
            panel.barh(place, lost.value, color=BLUE, height=0.6)
            if math.isfinite(lost.low) and math.isfinite(lost.high):
                panel.plot([lost.low, lost.high], [place, place], color=INK, linewidth=1.2)
        panel.axvline(0, color=INK, linewidth=0.8)
        panel.set_yticks(range(len(streams)), streams)
        panel.set_ylim(len(streams) - 0.5, -0.5)
        r2 = importance.r2[task]
        panel.set_title(f"{task} (R² {metric_text(r2)})", fontsize=9)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    figure.supxlabel("R² lost when the stream's clips are shuffled (95 % interval)", fontsize=9)
    return figure
