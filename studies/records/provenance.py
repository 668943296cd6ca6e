"""Provenance of a study: its command and machine, its data audit, its space."""

from typing import Literal

from pydantic import Field

from space.conditions import Scalar
from studies.records.codec import Stored


class Provenance(Stored):
    """How a study was started."""

    command: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    """By package."""
    machine: str | None = None
    """A description for people."""
    started: str | None = None
    """ISO 8601, UTC."""


class Finding(Stored):
    """A finding of the data audit."""

    level: str
    """`error`, `warning` or `note`."""
    message: str
    mend: str = ""
    """How to mend it."""


class SplitSize(Stored):
    """Size of a split."""

    split: str
    samples: int
    groups: int | None = None
    ungrouped: int | None = None
    """Samples that name no group."""


class LabelCount(Stored):
    """Labels of a task in a split."""

    split: str
    task: str
    valid: int
    missing_share: float


class StreamSize(Stored):
    """Size of a stream in a split, and its invalid values."""

    split: str
    stream: str
    shape: tuple[int, ...]
    nan: int | None = None
    infinite: int | None = None
    absent: int | None = None
    """Samples without the stream."""


class DataAudit(Stored):
    """Result of the data audit (`avq_core.audit`), without histograms and columns."""

    findings: tuple[Finding, ...] = ()
    splits: tuple[SplitSize, ...] = ()
    tasks: tuple[LabelCount, ...] = ()
    streams: tuple[StreamSize, ...] = ()


class SearchedParameter(Stored):
    """A hyperparameter as the space declares it."""

    type: Literal["float", "int", "categorical"]
    low: float | int | None = None
    high: float | int | None = None
    """Inclusive bounds of a number; `None` for choices."""
    step: int = 1
    """Of an integer."""
    log: bool = False
    choices: tuple[Scalar, ...] | None = None
    """`None` for a number."""
    when: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    """Values of other hyperparameters under which it is searched."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest value; `None` for choices."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def is_integer(self) -> bool:
        """Whether its values are integers."""
        return self.type == "int"

    def integers(self) -> range:
        """All values of an integer; empty for other types."""
        if not self.is_integer or self.low is None or self.high is None:
            return range(0)
        return range(int(self.low), int(self.high) + 1, self.step)


class SearchedSpace(Stored):
    """The space as a study stores it; not checked against the rules for spaces of today."""

    name: str | None = None
    fixed: dict[str, Scalar] = Field(default_factory=dict)
    parameters: dict[str, SearchedParameter] = Field(default_factory=dict)
    start: dict[str, Scalar] = Field(default_factory=dict)
