"""Small pure functions that write SVG: axes, marks, lines. Lengths are in pixels."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

INK: Final = "#1f2933"
FAINT: Final = "#e1e5ea"
MUTED: Final = "#616e7c"
FONT: Final = "font-family='system-ui, sans-serif'"
_GAP: Final = 46.0
"""Room for tick labels and an axis's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """A range of values laid along a range of pixels."""

    low: float
    """Value at `start`; > 0 on a log scale."""
    high: float
    """Value at `end`, greater than `low`."""
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """A value's pixel; of a value outside, the nearer end's."""
        low, high, clipped = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, clipped = math.log(low), math.log(high), math.log(clipped)
        return self.start + (clipped - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """A handful of round values within the range, rising."""
        return log_ticks(self.low, self.high) if self.log else nice_ticks(self.low, self.high)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`; at most about `most`."""
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounded, so that 3 × 0.1 is written 0.3.
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(number * step, digits) for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten within the range; with 2 and 5 times them where there are few."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        found = [f * 10.0**e for e in exponents for f in factors]
        inside = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(inside) >= 3:
            return inside
    return inside or [low, high]


def span(values: Iterable[float], *, pad: float = 0.06) -> tuple[float, float]:
    """A range around all values, a little wider than they are; of one value, 0.5 either way."""
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    room = (high - low) * pad or 0.5
    return low - room, high + room


def figures_span(values: Sequence[float]) -> tuple[float, float]:
    """A range for R² that holds all but the worst twentieth; those are drawn at its lower end.

    A diverged trial's R² of -40 would otherwise press all others into one line.
    """
    if not values:
        return span(values)
    ranked = sorted(values)
    bulk = ranked[len(ranked) // 20]
    floor = bulk - 0.15 * max(ranked[-1] - bulk, 0.1)
    return span(max(value, floor) for value in ranked)


def number(value: float) -> str:
    """A tick's text: as short as it can be without lying."""
    if value == 0:
        return "0"
    if abs(value) < 1e-3 or abs(value) >= 1e5:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:g}".replace("-", "−")


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "middle",
    size: float = 11,
    colour: str = MUTED,
    weight: str = "normal",
    turn: float = 0,
) -> str:
    """Words at a point, escaped."""
    rotated = f" transform='rotate({turn:g} {x:.1f} {y:.1f})'" if turn else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size:g}' "
        f"fill='{colour}' font-weight='{weight}'{rotated}>{escape(words)}</text>"
    )


def line(
    points: Sequence[tuple[float, float]],
    colour: str,
    *,
    width: float = 1.5,
    dash: str = "",
    opacity: float = 1.0,
    tip: str = "",
) -> str:
    """A line through points; nothing for fewer than two."""
    if len(points) < 2:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = f" stroke-dasharray='{dash}'" if dash else ""
    title = f"<title>{escape(tip)}</title>" if tip else ""
    return (
        f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width:g}' "
        f"stroke-opacity='{opacity:g}' stroke-linejoin='round'{dashes}>{title}</polyline>"
    )


def mark(shape: str, x: float, y: float, colour: str, *, size: float = 4, tip: str = "") -> str:
    """A `dot`, `cross`, `diamond` or `star` at a point: kinds differ in shape and in colour."""
    title = f"<title>{escape(tip)}</title>" if tip else ""
    if shape == "cross":
        r = size * 0.75
        path = f"M{x - r:.1f} {y - r:.1f}l{2 * r:.1f} {2 * r:.1f}m0 {-2 * r:.1f}l{-2 * r:.1f} {2 * r:.1f}"
        return f"<path d='{path}' stroke='{colour}' stroke-width='1.4' fill='none'>{title}</path>"
    if shape == "dot":
        return (
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{size:g}' fill='{colour}' fill-opacity='0.75' "
            f"stroke='white' stroke-width='0.6'>{title}</circle>"
        )
    corners = 4 if shape == "diamond" else 10
    radii = [size * 1.5] * corners if shape == "diamond" else [size * 2, size * 0.9] * 5
    turns = [(radii[i], 2 * math.pi * i / corners - math.pi / 2) for i in range(corners)]
    path = " ".join(f"{x + r * math.cos(a):.1f},{y + r * math.sin(a):.1f}" for r, a in turns)
    return f"<polygon points='{path}' fill='{colour}' stroke='white' stroke-width='0.8'>{title}</polygon>"


def frame(
    x: Axis,
    y: Axis,
    *,
    title: str,
    x_name: str,
    y_name: str,
    x_ticks: Sequence[tuple[float, str]] | None = None,
) -> str:
    """Grid, ticks, names and title around a plot; `y` runs from the bottom up.

    `x_ticks` are values and their words in place of the axis's own.
    """
    left, right, bottom, top = x.start, x.end, y.start, y.end
    parts = [text(left, top - 12, title, anchor="start", size=13, colour=INK, weight="600")]
    for value in y.ticks():
        parts.append(line([(left, y.at(value)), (right, y.at(value))], FAINT, width=1))
        parts.append(text(left - 6, y.at(value) + 4, number(value), anchor="end"))
    if x_ticks is None:
        x_ticks = [(value, number(value)) for value in x.ticks()]
    for value, words in x_ticks:
        parts.append(line([(x.at(value), bottom), (x.at(value), bottom + 4)], MUTED, width=1))
        parts.append(text(x.at(value), bottom + 16, words))
    parts.append(line([(left, bottom), (right, bottom)], MUTED, width=1))
    parts.append(text((left + right) / 2, bottom + 33, x_name, colour=INK))
    if y_name:
        middle = (top + bottom) / 2
        parts.append(text(left - _GAP + 6, middle, y_name, colour=INK, turn=-90))
    return "".join(parts)


def document(width: float, height: float, label: str, body: Iterable[str]) -> str:
    """A whole drawing; `label` says what it shows to whoever cannot see it."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' "
        f"width='{width:g}' height='{height:g}' role='img' aria-label='{escape(label)}' {FONT}>"
        f"{''.join(body)}</svg>"
    )
