"""The two figures that a study watches, and the score that it maximises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from avq_core.errors import ConfigError

OBJECTIVES: Final = ("score", "pareto")
"""What a study maximises: the weighted mean of both figures, or each of them for itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Validation R² of the two watched tasks; NaN where not defined."""

    cross_modal: float
    overall: float

    @property
    def finite(self) -> bool:
        """Whether both are numbers that can be compared."""
        return math.isfinite(self.cross_modal) and math.isfinite(self.overall)


def with_nan(r2: Mapping[str, float | None]) -> dict[str, float]:
    """R² by task as stored: JSON has no NaN, so a record holds `None` for it."""
    return {task: math.nan if value is None else value for task, value in r2.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Which tasks play 'cross-modal' and 'overall', and what each counts for in the score."""

    cross_modal: str = "cross_modal"
    overall: str = "overall"
    cross_modal_weight: float = 0.5
    """Share of the cross-modal figure in the score, in [0, 1]; overall has the rest."""

    def __post_init__(self) -> None:
        if not 0 <= self.cross_modal_weight <= 1:
            raise ConfigError(
                f"the cross-modal share of the score is {self.cross_modal_weight}, "
                "expected a number in [0, 1]"
            )

    def figures(self, r2: Mapping[str, float]) -> Figures:
        """Picks the watched figures out of R² by task."""
        return Figures(cross_modal=r2[self.cross_modal], overall=r2[self.overall])

    def score(self, figures: Figures) -> float:
        """The weighted mean of the two figures; NaN if a figure that counts is NaN."""
        share = self.cross_modal_weight
        parts = ((share, figures.cross_modal), (1 - share, figures.overall))
        return sum(weight * value for weight, value in parts if weight > 0)

    def weight(self, task: str) -> float:
        """What a task's R² counts for in the score; 0 where it is not watched."""
        share = self.cross_modal_weight
        return share * (task == self.cross_modal) + (1 - share) * (task == self.overall)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a study's identity."""
        return {
            "cross_modal": self.cross_modal,
            "overall": self.overall,
            "cross_modal_weight": self.cross_modal_weight,
        }
