"""What a worker gets: its slot and the study's settings."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from avq_core.config.data import DataConfig
from space.space import Space
from studies.score import Watch

NO_ROOM: Final = 3
"""Exit status of a worker whose copy of the data does not fit on its device."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A worker's share of the machine."""

    index: int
    device: str
    threads: int
    """CPU threads of PyTorch."""
    memory_share: float = 1.0
    """Share of a GPU's memory that the worker may take, in (0, 1], so that what fits does not depend on
    the other workers."""

    def __post_init__(self) -> None:
        if not 0 < self.memory_share <= 1:
            raise ValueError(f"memory_share is {self.memory_share}, expected a share in (0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A study's settings with every default resolved; pickled to worker processes."""

    study: str
    url: str = field(repr=False)
    """SQLAlchemy URL of the study's storage, password included."""
    store: Path
    """The prepared store's folder."""
    data: DataConfig
    """The data settings that the store was made with."""
    space: Space
    watch: Watch
    epochs: int
    """Upper bound for each trial."""
    baseline_epochs: int
    """Upper bound for the manual baseline."""
    trials: int
    """The study's total, over all workers and runs."""
    sampler: str
    pruner: str
    audit_share: float
    """Share of trials that run on when the pruner would stop them, in [0, 1]."""
    stop: str
    """`auto` ends the study early (`search.stopping`), `never` does not."""
    seed: int
    deadline: float | None
    """`time.time()` after which no trial is started; `None` for no limit."""
    logs: Path
    """Folder of the workers' logs."""

    @property
    def may_stop(self) -> bool:
        """Whether the study may end before its total."""
        return self.stop == "auto"

    def half_time(self, now: float) -> float:
        """When half of the time from now to the deadline is over; infinite without a deadline."""
        return math.inf if self.deadline is None else (now + self.deadline) / 2
