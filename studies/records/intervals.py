"""Metrics with their 95 % intervals."""

import math

from avq_core.display import numbers
from studies.records.codec import R2, Stored


class IntervalValue(Stored):
    """A metric with its 95 % interval."""

    value: R2
    """NaN where it is not defined."""
    low: R2
    high: R2
    """Both bounds are NaN where there are too few groups, or too uneven ones, or too few runs."""

    @property
    def has_bounds(self) -> bool:
        """Whether value and interval are both known."""
        return not (math.isnan(self.value) or math.isnan(self.low))

    def __str__(self) -> str:
        """As a table shows it: `0.310 [0.210, 0.410]`."""
        return numbers.interval_text(self.value, self.low, self.high)


def interval_text(interval: IntervalValue | None) -> str:
    """A metric with its interval; `n/a` where there is none."""
    return numbers.metric_text(None) if interval is None else str(interval)


class PairedGap(IntervalValue):
    """How far one candidate is behind another, over the runs that both have."""

    runs: int
    """Number of these runs."""


class PairedDifference(IntervalValue):
    """R² of one model minus that of another on the same clips."""

    low_all: R2
    high_all: R2
    """Interval that holds for all tasks at once with 95 % (Bonferroni)."""
