"""A plot of the incumbent's score over wall time: search score and confirmed score.

A line for each method: the mean over seeds within its interval.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avq_core.display.palette import BLUE, GREEN, GREY, SKY, VERMILION
from benchmarks.search.curves import (
    Curve,
    confirmed_curve,
    score_at,
    searched_curve,
)
from benchmarks.search.results import SearchRun
from benchmarks.spread import spread

_COLOURS: Final = (VERMILION, BLUE, SKY, GREY, GREEN)
"""In the order of the methods."""
_POINTS: Final = 400


def draw(runs: Sequence[SearchRun], path: Path) -> None:
    """Writes the plot as a PNG file."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    means = [
        *_panel(left, runs, searched_curve, "search score of the incumbent, on val"),
        *_panel(right, runs, confirmed_curve, "confirmed score: fresh seeds and folds"),
    ]
    # By the means: an interval over the few incumbents of the first seconds may be very wide.
    values = np.concatenate(means)
    low, high = np.nanmin(values), np.nanmax(values)
    margin = max(0.05, 0.15 * (high - low))
    left.set_ylim(low - margin, high + margin)
    left.set_ylabel("score")
    left.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _panel(
    axes: Axes, runs: Sequence[SearchRun], curve: Callable[[SearchRun], Curve], title: str
) -> list[np.ndarray]:
    """Draws every method's mean and returns the means."""
    means = []
    for method, colour in zip(dict.fromkeys(run.method for run in runs), _COLOURS, strict=False):
        of_method = [run for run in runs if run.method == method]
        seconds, mean, width = mean_curve(of_method, curve)
        axes.plot(seconds, mean, color=colour, label=method)
        axes.fill_between(seconds, mean - width, mean + width, color=colour, alpha=0.15, lw=0)
        means.append(mean)
    axes.set_title(title, fontsize="medium")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("wall time, s")
    axes.grid(alpha=0.3)
    return means


def mean_curve(
    runs: Sequence[SearchRun], curve: Callable[[SearchRun], Curve]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A method's mean incumbent over time, by search score or confirmed score.

    It starts when the last of the runs has an incumbent and ends when the last of them ends; a run that
    has ended keeps its final score, and one whose incumbent diverged on a fold is left out until its next.

    Returns:
        Seconds, mean and half width of the interval, each (P,); the width is 0 of a single run.
    """
    curves = [curve(run) for run in runs]
    first = max(curve[0][0] for curve in curves)
    last = max(run.seconds for run in runs)
    seconds = np.geomspace(first, max(first, last), _POINTS)
    seconds[0] = first  # exactly: rounding could put it before the incumbent
    spreads = [spread(score_at(curve, when) for curve in curves) for when in seconds]
    mean = np.asarray([math.nan if s.mean is None else s.mean for s in spreads])
    return seconds, mean, np.asarray([s.half_width or 0.0 for s in spreads])
