"""The incumbent's score against wall time: a line a method, the mean over seeds within its interval."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from benchmarks.search.curves import incumbents, score_at, spread
from benchmarks.search.results import SearchRun

_COLOURS: Final = ("#d55e00", "#0072b2", "#56b4e9", "#777777", "#009e73")
"""Told apart by the colour-blind (Okabe and Ito); in the order of the methods."""
_POINTS: Final = 400


def draw(runs: Sequence[SearchRun], path: Path) -> None:
    """Writes the plot as a PNG file."""
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    seen = []
    for method, colour in zip(dict.fromkeys(run.method for run in runs), _COLOURS, strict=False):
        own = [run for run in runs if run.method == method]
        seconds, mean, width = mean_curve(own)
        axes.plot(seconds, mean, color=colour, label=method)
        seen.append(mean)
        axes.fill_between(seconds, mean - width, mean + width, color=colour, alpha=0.15, lw=0)
    # By the means: of the first seconds' few incumbents an interval may be wider than all the rest.
    low, high = np.min(np.concatenate(seen)), np.max(np.concatenate(seen))
    margin = max(0.05, 0.15 * (high - low))
    axes.set_ylim(low - margin, high + margin)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("wall time, s")
    axes.set_ylabel("score of the incumbent on val")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def mean_curve(runs: Sequence[SearchRun]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A method's mean incumbent over time.

    It starts when the last of the runs has an incumbent and ends when the last of them ends; a run that
    has ended keeps its final score.

    Returns:
        Seconds, mean and half width of the interval, each (P,); the width is 0 of a single run.
    """
    curves = [incumbents(run.trials) for run in runs]
    first = max(curve[0][0] for curve in curves)
    last = max(run.seconds for run in runs)
    seconds = np.geomspace(first, max(first, last), _POINTS)
    seconds[0] = first  # exactly, or rounding puts it before the incumbent
    spreads = [spread(score_at(curve, when) for curve in curves) for when in seconds]
    mean = np.asarray([found.mean for found in spreads])
    return seconds, mean, np.asarray([found.half_width or 0.0 for found in spreads])
