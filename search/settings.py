"""What a worker is told: where it runs, and on what it works."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from avq_core.config.data import DataConfig
from space.space import Space
from studies.score import Watch

NO_ROOM: Final = 3
"""Status of a worker that ends because its copy of the data does not fit on its device."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Where a worker runs."""

    index: int
    device: str
    threads: int
    """For matrix products on the CPU."""
    memory_share: float = 1.0
    """Of a GPU's memory, that the worker may take, in (0, 1]: one of several must not starve the
    others, or what fits would hang on who else is at work."""

    def __post_init__(self) -> None:
        if not 0 < self.memory_share <= 1:
            raise ValueError(f"memory_share is {self.memory_share}, expected a share in (0, 1]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """All that a worker needs to know; crosses to its process by pickle."""

    study: str
    url: str
    store: Path
    """The prepared store's folder."""
    data: DataConfig
    """The settings that the store was made with."""
    space: Space
    watch: Watch
    epochs: int
    baseline_epochs: int
    """At most, for the manual's configuration."""
    trials: int
    """The study's total, over all workers and runs."""
    sampler: str
    pruner: str
    audit_share: float
    """Share of the trials marked for pruning that go on to their end."""
    stop: str
    """`auto` ends the study early (`search.stopping`), `never` does not."""
    seed: int
    deadline: float | None
    """`time.time()` after which no trial is started."""
    logs: Path
