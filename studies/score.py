"""The two R² that a study watches, and the score that it maximises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from avq_core.errors import ConfigError

PRACTICAL_DIFFERENCE: Final = 0.005
"""Difference of two scores that is of no practical size. Measured: to choose the simplest network of those
within it costs less than can be measured (docs/experiments/029)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedR2:
    """R² of the two watched tasks; NaN where not defined."""

    cross_modal: float
    overall: float

    @property
    def is_finite(self) -> bool:
        """Whether both are numbers that can be compared."""
        return math.isfinite(self.cross_modal) and math.isfinite(self.overall)


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Which tasks are watched as 'cross-modal' and 'overall', and the weight of each in the score."""

    cross_modal: str = "cross_modal"
    overall: str = "overall"
    cross_modal_weight: float = 0.5
    """Share of the cross-modal R² in the score, in [0, 1]; overall has the rest."""

    def __post_init__(self) -> None:
        if not 0 <= self.cross_modal_weight <= 1:
            raise ConfigError(
                f"the cross-modal share of the score is {self.cross_modal_weight}, "
                "expected a number in [0, 1]"
            )

    @property
    def tasks(self) -> tuple[str, ...]:
        """The watched tasks, cross-modal first; a single one where it is watched as both."""
        return tuple(dict.fromkeys((self.cross_modal, self.overall)))

    def pick(self, r2: Mapping[str, float]) -> WatchedR2:
        """The R² of the two watched tasks; NaN where a task is missing."""
        return WatchedR2(
            cross_modal=r2.get(self.cross_modal, math.nan), overall=r2.get(self.overall, math.nan)
        )

    def score(self, watched: WatchedR2) -> float:
        """The weighted mean of both R²; NaN where one of them counts and is NaN."""
        share = self.cross_modal_weight
        parts = ((share, watched.cross_modal), (1 - share, watched.overall))
        return sum(weight * value for weight, value in parts if weight > 0)

    def score_of(self, r2: Mapping[str, float]) -> float:
        """The score of R² by task."""
        return self.score(self.pick(r2))

    def weight(self, task: str) -> float:
        """The weight of a task's R² in the score; 0 where the task is not watched."""
        share = self.cross_modal_weight
        return share * (task == self.cross_modal) + (1 - share) * (task == self.overall)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a study's identity."""
        return {
            "cross_modal": self.cross_modal,
            "overall": self.overall,
            "cross_modal_weight": self.cross_modal_weight,
        }
