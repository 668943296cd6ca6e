"""What a plot's axes show: ranges that one bad trial does not flatten, ticks, what lies beyond."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any, Final

import plotly.graph_objects as go

from avq_core.display.palette import MUTED
from studies.records.trial import TrialRecord

_LEAST_TO_CUT: Final = 3
_GOLDEN: Final = 0.618034


def span(values: Sequence[float], *, pad: float = 0.06) -> tuple[float, float]:
    """A range around all values, a little wider than they are; 0 to 1 of none."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * pad or 0.5
    return low - room, high + room


def r2_span(values: Sequence[float]) -> tuple[float, float]:
    """A range for R² that holds all, but of the worst twentieth only what is not far off.

    A diverged trial's R² of -40 would otherwise press all others into one line. Far off is what
    lies further below the others than they lie apart, and than 1.
    """
    if len(values) < _LEAST_TO_CUT:
        return span(values)
    ranked = sorted(values)
    bulk = ranked[max(1, len(ranked) // 20)]
    floor = bulk - max(ranked[-1] - bulk, 1.0)
    near = [value for value in ranked if value >= floor]
    return span(near if len(near) == len(ranked) else [near[0] - 0.1 * (near[-1] - near[0]), *near])


def on_edge(value: float, limits: tuple[float, float]) -> float:
    """A value, or the end of the range that it lies beyond."""
    return min(max(value, limits[0]), limits[1])


def apart(trial: TrialRecord, width: float) -> float:
    """Where in a strip of that width around 0 a trial lies, so that equals do not hide each other."""
    return ((trial.number * _GOLDEN) % 1 - 0.5) * width


def say_beyond(drawn: go.Figure, number: int, how: str = "drawn on the edge") -> None:
    """Says under the horizontal axis how many trials lie beyond the range, if any do."""
    if number:
        told = f"{number} trial{'s'[: number != 1]} beyond the range: {how}"
        under = f"<span style='font-size:11px;color:{MUTED}'>{told}</span>"
        drawn.layout.xaxis.title.text += f"<br>{under}"


def axis_of(bounds: tuple[float, float], *, log: bool) -> dict[str, Any]:
    """The axis of a number that was searched within bounds; logarithmic where it was drawn so."""
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
    """Powers of ten within the range; with 3, or 2 and 5, times them where there are few."""
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    inside: list[float] = []
    for factors in ((1,), (1, 3), (1, 2, 5)):
        found = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        inside = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(inside) >= 3:
            return inside
    return inside or [low, high]
