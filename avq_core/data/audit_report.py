"""What an audit reports: plain records, in the order in which they are shown.

Shapes: N samples, T frames, D columns of a stream.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitCheck:
    """How many samples and groups a split has."""

    split: str
    samples: int
    groups: int
    """Named groups; samples without one do not count."""
    ungrouped: int
    """Samples without a group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamCheck:
    """One stream of one split."""

    split: str
    stream: str
    shape: tuple[int, ...]
    """(N, T, D) or (N, D)."""
    nan: int
    infinite: int
    constant: int
    """Columns with one and the same finite value throughout."""
    empty: int
    """Columns without a finite value."""
    low: float
    """Lowest finite value; NaN where there is none."""
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCheck:
    """One task of one split."""

    split: str
    task: str
    valid: int
    missing_share: float
    """Of the split's samples, in [0, 1]."""
    low: float
    """Lowest valid label in the user's units; NaN where there is none."""
    high: float
    mean: float
    attainable_r2: float
    """The best R² that anyone can reach; NaN but for made data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something to know, to weigh or to mend."""

    level: str
    """`error` (a figure will not exist), `warning` (a figure will mislead) or `note`."""
    message: str
    mend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """All that an audit found."""

    splits: tuple[SplitCheck, ...]
    streams: tuple[StreamCheck, ...]
    tasks: tuple[TaskCheck, ...]
    findings: tuple[Finding, ...]
    """Errors first, then warnings, then notes."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `None` stands for what is NaN here."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
