"""Metrics and their intervals as text and for JSON."""

import math


def metric_text(value: float | None) -> str:
    """A metric with three decimals: `0.310`; `n/a` where there is none or it is not defined (NaN)."""
    return "n/a" if value is None or math.isnan(value) else f"{value:.3f}"


def interval_text(value: float, low: float, high: float) -> str:
    """A metric with its confidence interval: `0.310 [0.210, 0.410]`.

    Returns:
        The text; only the value where a bound is not finite, `n/a` where the value is not.
    """
    if not math.isfinite(value):
        return metric_text(None)
    if not (math.isfinite(low) and math.isfinite(high)):
        return metric_text(value)
    return f"{metric_text(value)} [{metric_text(low)}, {metric_text(high)}]"


def json_number(value: float) -> float | None:
    """The number for JSON, which has no NaN and no infinity: `None` for those."""
    return value if math.isfinite(value) else None
