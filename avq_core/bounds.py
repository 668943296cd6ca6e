"""Bounds of a number that a user gives, and how they are told."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """A closed range of integers or of finite numbers."""

    minimum: float
    maximum: float | None = None
    """`None` for no upper bound."""
    integral: bool = True
    """Whether only integers are taken."""

    def __str__(self) -> str:
        """As an error tells what was expected, such as `an integer >= 1`."""
        kind = "an integer" if self.integral else "a number"
        if self.maximum is None:
            return f"{kind} >= {self.minimum:g}"
        if self.integral:
            return f"{kind} from {self.minimum:g} to {self.maximum:g}"
        return f"{kind} in [{self.minimum:g}, {self.maximum:g}]"

    def hold(self, value: object) -> bool:
        """Whether a value is such a number."""
        if isinstance(value, bool) or not isinstance(value, int if self.integral else int | float):
            return False
        # No float is as large as an integer may be, so it is compared and not converted.
        maximum = sys.float_info.max if self.maximum is None else self.maximum
        return self.minimum <= value <= maximum
