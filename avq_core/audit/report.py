"""The records of an audit report, in the order in which they are shown.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

Places = tuple[tuple[int, int], ...]
"""Where most missing values are: (index, count), largest count first."""


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
    """Where the NaN and infinite values of a stream are, in one split."""

    by_frame: tuple[int, ...]
    """Counts by frame, summed over neighbours if there are more than 200 frames."""
    by_column: tuple[int, ...]
    """Counts by column, summed over neighbours if there are more than 200 columns."""
    columns: Places
    frames: Places
    samples: Places
    half_columns: float
    """Smallest share of the columns, in [0, 1], that contains half of the missing values."""
    half_frames: float
    half_samples: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlier:
    """The values of one sample that lie far outside the range of the train clips."""

    sample: int
    """The sample's place in its split."""
    values: int
    """How many of its values do."""
    columns: tuple[int, ...]
    """The columns with such values, at most five."""
    farthest: float
    """The largest of them in absolute value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamCheck:
    """One stream of one split."""

    split: str
    stream: str
    shape: tuple[int, ...]
    """(N, T, D) or (N, D); T of the longest sample."""
    absent: int
    """Samples that lack it."""
    nan: int
    infinite: int
    unobserved: int
    """Samples that have it without a single finite value."""
    constant: int
    """Columns with the same finite value everywhere."""
    empty: tuple[int, ...]
    """Columns without a finite value, by index."""
    outside: int
    """Finite values far outside the range of the train clips."""
    outliers: tuple[Outlier, ...]
    """Samples with such values, most values first, at most ten."""
    low: float
    """Lowest finite value; NaN where there is none."""
    high: float
    missing: Missing | None
    """`None` where every value is finite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far val or test is from train in one stream.

    For each column it is the difference of the mean over samples, divided by the standard deviation
    of the train samples' means.
    """

    split: str
    median: float
    """Median over columns of the absolute value."""
    high: float
    """95th percentile over columns of the absolute value."""
    share: float
    """Share of the columns that differ by more than 1."""
    columns: tuple[int, ...]
    """The columns that differ most, at most five."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dominated:
    """A column whose train standard deviation a few clips make."""

    column: int
    clips: float
    """Share of the train clips that lie further than that deviation from the median clip."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamProfile:
    """A stream over all splits, relative to train."""

    stream: str
    dim: int
    deviation_low: float
    """Lowest standard deviation of a train column that varies, in the stream's units."""
    deviation_median: float
    deviation_high: float
    wild: int
    """Columns with values beyond 10 train standard deviations, in any split."""
    wildest: float
    """The largest such value, in train standard deviations."""
    components: int
    """Principal components with 99 % of the variance of standardised train rows; 0 where nothing
    varies."""
    spectrum: tuple[float, ...]
    """Share of the variance in the first 1, 2, 4, 8, ... components."""
    drift: tuple[Drift, ...]
    dominated: tuple[Dominated, ...]
    """Columns that a few train clips dominate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCheck:
    """One task of one split."""

    split: str
    task: str
    valid: int
    missing_share: float
    """Share of the split's samples without a label, in [0, 1]."""
    low: float
    """Lowest valid label in the user's units; NaN where there is none."""
    high: float
    mean: float
    deviation: float
    histogram: tuple[int, ...]
    """Valid labels in 20 bins of equal width over the task's range in all splits."""
    attainable_r2: float
    """Highest attainable R²; NaN unless the data is synthetic."""


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
    """Groups and samples that occur more than once. A sample's place is written `split index`."""

    shared_groups: tuple[tuple[str, tuple[str, ...]], ...]
    """Groups that are in two or more splits, with those splits."""
    groups: int
    """Named groups in all."""
    exact: tuple[tuple[str, ...], ...]
    """Places of samples with exactly the same values, in two or more splits."""
    near: tuple[tuple[str, str, float], ...]
    """Two places in two splits, and the distance of their samples; nearest first."""
    usual: float
    """Median distance of a val or test sample to its nearest train sample; NaN without any."""
    repeated: int
    """Samples that occur more than once in the same split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A property of the data that the user should know, consider or correct."""

    level: str
    """`error` (correct it: scores will be wrong or undefined), `warning` (consider it: scores may
    mislead) or `note`."""
    message: str
    mend: str
    """What to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """The result of an audit."""

    splits: tuple[SplitCheck, ...]
    streams: tuple[StreamCheck, ...]
    profiles: tuple[StreamProfile, ...]
    tasks: tuple[TaskCheck, ...]
    correlations: tuple[Correlation, ...]
    overlap: Overlap
    findings: tuple[Finding, ...]
    """Errors first, then warnings, then notes."""

    def to_dict(self) -> dict[str, object]:
        """The report as plain values for JSON, with `None` for NaN."""
        plain: dict[str, object] = _plain(dataclasses.asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
