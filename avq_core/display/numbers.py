"""Metrics and their intervals as text."""

import math
from collections.abc import Mapping


def metric_text(value: float | None) -> str:
    """A metric with three decimals: `0.310`; `n/a` where there is none or it is not defined (NaN)."""
    return "n/a" if value is None or math.isnan(value) else f"{value:.3f}"


def interval_text(interval: Mapping[str, float | None] | None) -> str:
    """A metric with its confidence interval: `0.310 [0.210, 0.410]`.

    Args:
        interval: `value`, `low` and `high`, each `None` or NaN where not defined; `None` where there
            is none.

    Returns:
        The text; only the value where its bounds are not defined, `n/a` without a value.
    """
    if not interval:
        return metric_text(None)
    value, low, high = (metric_text(interval[name]) for name in ("value", "low", "high"))
    return value if metric_text(None) in (value, low, high) else f"{value} [{low}, {high}]"
