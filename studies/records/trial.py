"""One trial of a study with its history of epochs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from studies.records.codec import R2, PlainConfig, Stored

State = Literal["complete", "pruned", "failed", "running", "waiting"]


class Epoch(Stored):
    """One epoch of a trial."""

    epoch: int
    """Counted from 1."""
    train_loss: float = math.nan
    """Mean over the epoch's batches; NaN for a simulated curve."""
    lr: float = math.nan
    """Learning rate of the last step; NaN for a simulated curve."""
    r2: dict[str, R2]
    """Validation R² by task."""
    judged: bool
    """Whether a cosine cycle ends here, so that the score of this epoch counts."""
    seconds: float = 0.0
    """Wall time of training and validation."""
    losses: tuple[float, ...] | None = None
    """Per-cluster losses on val (`search.pruners.paired_error`); `None` but at judged epochs."""
    decision: str | None = None
    """Why the pruner let the trial go on here, as a sentence; `None` where it was not asked."""


class BestEpoch(Stored):
    """The judged epoch of a trial's highest score."""

    epoch: int
    score: float
    r2: dict[str, R2]
    """Validation R² by task."""
    num_labels: dict[str, int]
    """Valid validation labels by task."""


class Spared(Stored):
    """Where the pruning rule would have stopped a spared trial."""

    epoch: int
    reason: str


class RanOn(Stored):
    """Where a run was trained; only there are its metrics reproduced to the last digit."""

    device: str
    threads: int
    """Number of threads for matrix products on the CPU."""
    precision: str | None = None
    """Precision of matrix products, `fp32` or `bf16`; `None` where it was not recorded."""


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One trial."""

    number: int
    state: State
    best: BestEpoch | None
    """`None` before the first judged epoch."""
    history: Sequence[Epoch]
    planned_epochs: int
    params: Mapping[str, Any]
    """Suggested values by dotted path."""
    config: PlainConfig | None
    reason: str | None
    """Why it ended, as a sentence."""
    baseline: bool
    """Whether it is the manual baseline."""
    spared: Spared | None = None
    seconds: float | None = None
    """Wall time in seconds; `None` while it runs."""
    ran_on: RanOn | None = None
    values: tuple[float, ...] | None = None
    """What its objective returned, as Optuna holds it; `None` for a trial that is not complete."""

    @property
    def score(self) -> float | None:
        """Highest score of a judged epoch; `None` before the first."""
        return None if self.best is None else self.best.score

    @property
    def best_epoch(self) -> int | None:
        """The judged epoch that gave the score."""
        return None if self.best is None else self.best.epoch

    @property
    def r2(self) -> Mapping[str, float]:
        """Validation R² by task at the best epoch; empty before the first."""
        return {} if self.best is None else self.best.r2

    @property
    def num_labels(self) -> Mapping[str, int]:
        """Valid validation labels by task."""
        return {} if self.best is None else self.best.num_labels

    @property
    def epochs(self) -> int:
        """Number of epochs trained."""
        return len(self.history)

    @cached_property
    def judged(self) -> tuple[Epoch, ...]:
        """The judged epochs, in order."""
        return tuple(epoch for epoch in self.history if epoch.judged)

    @property
    def is_complete(self) -> bool:
        """Whether it trained all of its epochs and has a score."""
        return self.state == "complete" and self.best is not None

    @property
    def is_finished(self) -> bool:
        """Whether it counts towards the study's total: complete or pruned."""
        return self.state in {"complete", "pruned"}

    @property
    def has_ended(self) -> bool:
        """Whether it is neither running nor waiting, so that its record is final."""
        return self.state not in {"running", "waiting"}
