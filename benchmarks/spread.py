"""The mean of some values with its interval."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A mean and how far it may lie from the true one."""

    mean: float | None
    """`None` of no values."""
    half_width: float | None
    """Of the two-sided 95 % interval by Student's t; `None` of fewer than two values."""
    num: int
    """Values."""

    def text(self, digits: int) -> str:
        """For a table, with so many digits behind the point."""
        if self.mean is None:
            return "n/a"
        width = "" if self.half_width is None else f" ± {self.half_width:.{digits}f}"
        return f"{self.mean:.{digits}f}{width}"


def spread(values: Iterable[float | None]) -> Spread:
    """Mean and interval of the finite values; `None` and NaN are left out."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    num = len(finite)
    mean = float(np.mean(finite)) if num else None
    width = float(stats.t.ppf(0.975, num - 1) * stats.sem(finite)) if num > 1 else None
    return Spread(mean=mean, half_width=width, num=num)
