"""Metrics and their intervals as text."""

import math
from collections.abc import Mapping


def metric_text(value: float | None) -> str:
    """A metric with three decimals: `0.310`; `n/a` where there is none or it is not defined (NaN)."""
    return "n/a" if value is None or math.isnan(value) else f"{value:.3f}"


def interval_text(interval: Mapping[str, float | None] | None) -> str:
    """A metric with its confidence interval: `0.310 [0.210, 0.410]`.

    Args:
        interval: `value`, `low` and `high`; None where there is none.

    Returns:
        The text; only the value where its bounds are not defined, `n/a` without a value.
    """
    if not interval or interval["value"] is None:
        return "n/a"
    low, high = interval["low"], interval["high"]
    if low is None or high is None:
        return metric_text(interval["value"])
    return f"{metric_text(interval['value'])} [{metric_text(low)}, {metric_text(high)}]"
