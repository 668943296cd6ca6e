"""Axes: ranges that are robust to outliers, ticks, and a note on values outside the range."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final

import plotly.graph_objects as go

from avq_core.display.palette import MUTED
from studies.plots.style import PlotlyOptions
from studies.records.trial import TrialRecord

_MIN_TO_CUT: Final = 3
_GOLDEN: Final = 0.618034


def span(values: Sequence[float], *, pad: float = 0.06) -> tuple[float, float]:
    """The range of all values with a margin; 0 to 1 with a margin where there are none."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * pad or 0.5
    return low - room, high + room


def r2_span(values: Sequence[float]) -> tuple[float, float]:
    """The range of R² values without outliers among the worst 5 %.

    A diverged trial's R² of -40 would otherwise flatten all others into one line. A value is an
    outlier if it lies further below the others than both their own range and 1.
    """
    if len(values) < _MIN_TO_CUT:
        return span(values)
    ranked = sorted(values)
    bulk = ranked[max(1, len(ranked) // 20)]
    floor = bulk - max(ranked[-1] - bulk, 1.0)
    near = [value for value in ranked if value >= floor]
    return span(near if len(near) == len(ranked) else [near[0] - 0.1 * (near[-1] - near[0]), *near])


def on_edge(value: float, limits: tuple[float, float]) -> float:
    """A value, clipped to the range."""
    return min(max(value, limits[0]), limits[1])


def apart(trial: TrialRecord, width: float) -> float:
    """A trial's offset in a strip of this width around 0, so that equal values do not hide each other."""
    return ((trial.number * _GOLDEN) % 1 - 0.5) * width


def note_outside(drawn: go.Figure, number: int, how: str = "drawn on the edge") -> None:
    """Notes under the horizontal axis how many trials lie outside the range, if any do."""
    if number:
        note = f"{number} trial{'s'[: number != 1]} outside the range: {how}"
        under = f"<span style='font-size:11px;color:{MUTED}'>{note}</span>"
        drawn.layout.xaxis.title.text += f"<br>{under}"


def axis_of(bounds: tuple[float, float], *, log: bool) -> PlotlyOptions:
    """The axis of a number that was searched within bounds; logarithmic if its distribution is."""
    low, high = bounds
    if not log:
        room = (high - low) * 0.05
        return {"range": [low - room, high + room]}
    room = (log10(high) - log10(low)) * 0.05
    ticks = log_ticks(low, high)
    return {
        "type": "log",
        "range": [log10(low) - room, log10(high) + room],
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
    }


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten within the range; also 3 times, or 2 and 5 times them, where there are few."""
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    inside: list[float] = []
    for factors in ((1,), (1, 3), (1, 2, 5)):
        candidates = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        inside = [value for value in candidates if low * 0.999 <= value <= high * 1.001]
        if len(inside) >= 3:
            return inside
    return inside or [low, high]
