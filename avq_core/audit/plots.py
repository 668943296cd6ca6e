"""The pictures of an audit, small ones, each as SVG text to be put into a page."""

import functools
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avq_core.audit.profile import HELD
from avq_core.audit.report import AuditReport, StreamCheck, StreamProfile, TaskCheck
from avq_core.display.palette import BLUE, GREY, LINES, SPLITS

_WIDTH: Final = 4.4


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A picture with the words around it."""

    title: str
    caption: str
    svg: str


def stream_charts(report: AuditReport) -> Iterator[Chart]:
    """Where values are missing, scale, redundancy and drift."""
    for stream in dict.fromkeys(check.stream for check in report.streams):
        checks = [c for c in report.streams if c.stream == stream and c.missing is not None]
        if checks:
            yield Chart(
                title=f"{stream}: where values are missing",
                caption="Number of NaN and infinite values by frame and by column; darker is more.",
                svg=_drawn(functools.partial(_missing, checks=checks), 0.9 + 0.75 * len(checks)),
            )
    varying = [p for p in report.profiles if p.components]
    if not varying:
        return
    height = 1.0 + 0.3 * len(varying)
    yield Chart(
        title="Scale",
        caption="Standard deviations of a stream's train columns, lowest to highest; the dot is the "
        "median. Each column is standardised, so a wide bar does no harm by itself.",
        svg=_drawn(lambda figure: _scale(figure.subplots(), varying), height),
    )
    yield Chart(
        title="Redundancy",
        caption="Share of a stream's variance in its first principal components. A stream that "
        "crosses the line early can be reduced.",
        svg=_drawn(lambda figure: _redundancy(figure.subplots(), varying), 2.7),
    )
    yield Chart(
        title="Drift from train",
        caption="Difference between a column's mean and that on train, in standard deviations between "
        "samples: the dot is the median over columns, the line ends at the 95th percentile.",
        svg=_drawn(lambda figure: _drift(figure.subplots(), varying), height + 0.3),
    )


def label_charts(report: AuditReport) -> Iterator[Chart]:
    """A histogram for each task, and the correlations."""
    for task in dict.fromkeys(check.task for check in report.tasks):
        checks = [check for check in report.tasks if check.task == task]
        counts = ", ".join(f"{check.split} {check.valid}" for check in checks)
        yield Chart(
            title=task,
            caption=f"Valid labels: {counts}.",
            svg=_drawn(functools.partial(_histogram_figure, checks=checks), 2.1),
        )
    if report.correlations:
        num = len({c.first for c in report.correlations}) + 1
        yield Chart(
            title="Correlation of the labels",
            caption="Pearson's r over the train samples that have both labels.",
            svg=_drawn(lambda figure: _correlation(figure.subplots(), report), 2.0 + 0.22 * num),
        )


def _drawn(draw: Callable[[Figure], None], height: float) -> str:
    """SVG element of a figure, without the XML header."""
    with mpl.rc_context({"svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif"}):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=2)


def _missing(figure: Figure, checks: Sequence[StreamCheck]) -> None:
    grid: Any = figure.subplots(len(checks), 2, squeeze=False)
    for row, check in zip(grid, checks, strict=True):
        missing = check.missing
        assert missing is not None, "only streams with missing values are drawn"
        temporal = len(check.shape) == 3
        for axes, counts, size, what in (
            (row[0], missing.by_frame, check.shape[1] if temporal else 1, "frame"),
            (row[1], missing.by_column, check.shape[-1], "column"),
        ):
            axes.imshow(
                np.array(counts)[None], aspect="auto", cmap="cividis_r", vmin=0,
                extent=(0, size, 0, 1), interpolation="nearest",
            )  # fmt: skip
            axes.set_yticks([])
            axes.set_xlabel(f"{what} (at most {max(counts):,})", fontsize=7)
            axes.tick_params(length=2)
        row[0].set_ylabel(check.split)


def _scale(axes: Axes, profiles: Sequence[StreamProfile]) -> None:
    for place, profile in enumerate(reversed(profiles)):
        low, high = profile.deviation_low, profile.deviation_high
        axes.plot([low, high], [place, place], color=BLUE, linewidth=3, solid_capstyle="round")
        axes.plot(profile.deviation_median, place, "o", color="black", markersize=4)
    axes.set_xscale("log")
    axes.set_yticks(range(len(profiles)), [p.stream for p in reversed(profiles)])
    axes.set_xlabel("deviation of a column, in the stream's own units")
    _plain(axes)


def _redundancy(axes: Axes, profiles: Sequence[StreamProfile]) -> None:
    styles = ("-", "--", "-.", ":")
    for index, profile in enumerate(profiles):
        counts = [1 << k for k in range(len(profile.spectrum) - 1)] + [
            profile.dim if len(profile.spectrum) else 1
        ]
        axes.plot(
            counts, profile.spectrum, styles[index % 4], color=LINES[index % len(LINES)],
            label=f"{profile.stream}: {profile.components} of {profile.dim}",
        )  # fmt: skip
    axes.axhline(HELD, color=GREY, linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("components")
    axes.set_ylabel("share of the variance")
    axes.legend(fontsize=7, frameon=False, title="99 % in", title_fontsize=7)
    _plain(axes)


def _drift(axes: Axes, profiles: Sequence[StreamProfile]) -> None:
    places = range(len(profiles))
    for index, split in enumerate(d.split for d in profiles[0].drift):
        shift = 0.15 - 0.3 * index
        for place, profile in zip(places, reversed(profiles), strict=True):
            drift = profile.drift[index]
            axes.plot([drift.median, drift.high], [place + shift] * 2, color=SPLITS[index + 1])
            label = split if place == 0 else None
            axes.plot(
                drift.median,
                place + shift,
                "o",
                color=SPLITS[index + 1],
                markersize=4,
                label=label,
            )
    axes.axvline(1, color=GREY, linewidth=0.8)
    axes.set_xlim(left=0)
    axes.set_yticks(list(places), [p.stream for p in reversed(profiles)])
    axes.set_xlabel("deviations")
    axes.legend(fontsize=7, frameon=False)
    _plain(axes)


def _histogram_figure(figure: Figure, checks: Sequence[TaskCheck]) -> None:
    _histogram(figure.subplots(), checks)


def _histogram(axes: Axes, checks: Sequence[TaskCheck]) -> None:
    lows, highs = [c.low for c in checks if c.valid], [c.high for c in checks if c.valid]
    if not lows or min(lows) == max(highs):
        axes.text(0.5, 0.5, "labels do not vary", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    edges = np.linspace(min(lows), max(highs), len(checks[0].histogram) + 1)
    for check, colour in zip(checks, SPLITS, strict=False):
        if check.valid:
            shares = np.array(check.histogram) / check.valid
            filled = check.split == checks[0].split
            axes.stairs(
                shares,
                edges,
                color=colour,
                fill=filled,
                alpha=0.35 if filled else 1,
                label=check.split,
            )
    axes.set_xlabel("label, in your units")
    axes.set_ylabel("share")
    axes.legend(fontsize=7, frameon=False)
    _plain(axes)


def _correlation(axes: Axes, report: AuditReport) -> None:
    tasks = list(dict.fromkeys(check.task for check in report.tasks))
    values = np.full((len(tasks), len(tasks)), np.nan)
    np.fill_diagonal(values, 1)
    for pair in report.correlations:
        i, j = tasks.index(pair.first), tasks.index(pair.second)
        values[i, j] = values[j, i] = pair.r
    image = axes.imshow(values, cmap="PuOr", vmin=-1, vmax=1)
    if len(tasks) <= 8:
        for i, j in np.ndindex(values.shape):
            defined = not math.isnan(values[i, j])
            axes.text(
                j, i, f"{values[i, j]:.2f}" if defined else "-", ha="center", va="center",
                fontsize=7, color="white" if defined and abs(values[i, j]) > 0.7 else "black",
            )  # fmt: skip
    axes.set_xticks(range(len(tasks)), tasks, rotation=90)
    axes.set_yticks(range(len(tasks)), tasks)
    axes.tick_params(length=0)
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.colorbar(image, ax=axes, shrink=0.8, label="r")
