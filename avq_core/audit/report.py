"""What an audit reports: plain records, in the order in which they are shown.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

Places = tuple[tuple[int, int], ...]
"""Where most missing values are: (index, count), the most first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitCheck:
    """How many samples and groups a split has."""

    split: str
    samples: int
    groups: int
    """Named groups; samples without one do not count."""
    ungrouped: int
    """Samples without a group."""
    shortest: int
    """Frames of the shortest sample."""
    longest: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """Where a stream's NaN and infinities stand, in one split."""

    by_frame: tuple[int, ...]
    """Counts over T, of neighbours together where there are more than 200 frames."""
    by_column: tuple[int, ...]
    """Counts over D, of neighbours together where there are more than 200 columns."""
    columns: Places
    frames: Places
    samples: Places
    half_columns: float
    """Share of the columns, in [0, 1], that the half of them stand in; the fewest that do."""
    half_frames: float
    half_samples: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamCheck:
    """One stream of one split."""

    split: str
    stream: str
    shape: tuple[int, ...]
    """(N, T, D) or (N, D); T of the longest."""
    absent: int
    """Samples that lack it."""
    nan: int
    infinite: int
    unobserved: int
    """Samples that have it, with not one finite value."""
    constant: int
    """Columns with one and the same finite value throughout."""
    empty: tuple[int, ...]
    """Columns without a finite value, by index."""
    low: float
    """Lowest finite value; NaN where there is none."""
    high: float
    missing: Missing | None
    """`None` where every value is finite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far val or test is from train in one stream.

    Of each column the difference of the samples' means, in deviations of the train samples' means.
    """

    split: str
    median: float
    """Over columns, of the absolute value."""
    high: float
    """95th percentile over columns."""
    share: float
    """Of the columns that differ by more than 1."""
    columns: tuple[int, ...]
    """Those that differ most, at most five."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamProfile:
    """A stream over all splits, seen from train."""

    stream: str
    dim: int
    deviation_low: float
    """Lowest deviation of a train column that varies, in the stream's own units."""
    deviation_median: float
    deviation_high: float
    wild: int
    """Columns that reach beyond 10 train deviations, in any split."""
    wildest: float
    """The farthest, in train deviations."""
    components: int
    """Principal components that hold 99 % of the variance of standardised train rows; 0 where
    nothing varies."""
    spectrum: tuple[float, ...]
    """Share of the variance that 1, 2, 4, 8, ... components hold."""
    drift: tuple[Drift, ...]


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
    deviation: float
    histogram: tuple[int, ...]
    """Valid labels in 20 bins of equal width over the task's range in all splits."""
    attainable_r2: float
    """The best R² that anyone can reach; NaN but for made data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Correlation:
    """Pearson's r of two tasks over the train samples that have both labels."""

    first: str
    second: str
    r: float
    """NaN below three samples, or without variance."""
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """What stands in more than one place. Places are written `split index`."""

    shared_groups: tuple[tuple[str, tuple[str, ...]], ...]
    """Group and the splits in which it stands, where those are two or more."""
    groups: int
    """Named groups in all."""
    exact: tuple[tuple[str, ...], ...]
    """Places of samples with the same values throughout, in two splits or more."""
    near: tuple[tuple[str, str, float], ...]
    """Two places in two splits, and the distance of their samples; nearest first."""
    usual: float
    """Median distance of a val or test sample to its nearest train sample; NaN without any."""
    repeated: int
    """Samples that stand more than once, all in one split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something to know, to weigh or to mend."""

    level: str
    """`error` (do not go on: a figure will be false, or not exist), `warning` (weigh it: a figure
    may mislead) or `note`."""
    message: str
    mend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """All that an audit found."""

    splits: tuple[SplitCheck, ...]
    streams: tuple[StreamCheck, ...]
    profiles: tuple[StreamProfile, ...]
    tasks: tuple[TaskCheck, ...]
    correlations: tuple[Correlation, ...]
    overlap: Overlap
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
