"""What about a data set should worry its owner, and what to do about it."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.audit.findings.labels import correlation_findings, label_findings
from avq_core.audit.findings.overlap import overlap_findings
from avq_core.audit.profile import WILD
from avq_core.audit.report import (
    Correlation,
    Finding,
    Overlap,
    SplitCheck,
    StreamCheck,
    StreamProfile,
    TaskCheck,
)
from avq_core.config.data import DataConfig

MANY_MISSING: Final = 0.05
"""Share of a stream's values; above it the medians that fill them begin to tell the labels apart."""
GATHERED: Final = 0.1
"""Share of columns, frames or samples that hold half of what is missing; up to it, it gathers there."""
DRIFTED: Final = 0.25
"""Share of a stream's columns whose mean is over one deviation away. With a handful of speakers a
split a tenth of that is usual."""
REDUNDANT: Final = 0.5
"""Share of a stream's columns; with fewer components than that for 99 %, reducing it is worth a try."""
_SHOWN: Final = 5


def find(
    *,
    splits: Sequence[SplitCheck],
    streams: Sequence[StreamCheck],
    profiles: Sequence[StreamProfile],
    tasks: Sequence[TaskCheck],
    correlations: Sequence[Correlation],
    overlap: Overlap,
    config: DataConfig,
) -> tuple[Finding, ...]:
    """All findings, errors first, then warnings, then notes."""
    findings = [
        *overlap_findings(overlap, splits),
        *(finding for profile in profiles for finding in _stream(profile, streams, config)),
        *label_findings(tasks),
        *correlation_findings(correlations),
    ]
    order = ("error", "warning", "note")
    return tuple(sorted(findings, key=lambda finding: order.index(finding.level)))


def _stream(
    profile: StreamProfile, checks: Sequence[StreamCheck], config: DataConfig
) -> Iterable[Finding]:
    own = [check for check in checks if check.stream == profile.stream]
    yield from _gaps(profile.stream, own)
    yield from _columns(profile, own[0], config)
    if profile.wild:
        told = f"{profile.wild} of {profile.dim} columns reach beyond {WILD:g} train deviations"
        yield Finding(
            level="warning" if profile.wildest > 10 * WILD else "note",
            message=f"{profile.stream}: {told}, the farthest {profile.wildest:,.0f}",
            mend="left as they are, since data.clip is null; see where they come from"
            if config.clip is None
            else f"cut off at {config.clip:g} (data.clip); see where they come from",
        )
    for drift in profile.drift:
        if drift.share > DRIFTED:
            columns = ", ".join(map(str, drift.columns))
            yield Finding(
                level="warning",
                message=f"{profile.stream}: in {drift.split} {drift.share:.0%} of the columns have a "
                f"mean over one deviation away from train's (most: {columns})",
                mend="few speakers a split make that usual; else see whether the splits were "
                "recorded or processed alike",
            )
    few = 0 < profile.components < REDUNDANT * profile.dim and profile.dim >= 32
    if few and profile.stream not in config.pca:
        yield Finding(
            level="note",
            message=f"{profile.stream}: {profile.components} principal components hold 99 % of the "
            f"variance of its {profile.dim} columns",
            mend=f"`pca: {{{profile.stream}: {profile.components}}}` in --layout trains faster; small "
            "movements may lie in the last per cent, so compare the two on val",
        )


def _gaps(stream: str, own: Sequence[StreamCheck]) -> Iterable[Finding]:
    """Values and whole streams that are missing."""
    total = sum(math.prod(check.shape) for check in own)
    for what, counts in (
        ("NaN", {check.split: check.nan for check in own}),
        ("infinite", {check.split: check.infinite for check in own}),
    ):
        number = sum(counts.values())
        if not number:
            continue
        many = number / total > MANY_MISSING
        places = "; ".join(
            place for check in own if counts[check.split] for place in _gathered(check)
        )
        yield Finding(
            level="warning" if many or what == "infinite" else "note",
            message=f"{stream}: {number:,} values are {what} ({number / total:.2%}): "
            + ", ".join(f"{count:,} in {split}" for split, count in counts.items() if count)
            + (f"; {places}" if places else ""),
            mend="filled with the train median of their column"
            + ("; see where they come from" if many or what == "infinite" else ""),
        )
    for wording, counts, mend in (
        (
            "samples have it without one finite value",
            {check.split: check.unobserved for check in own},
            (
                "medians fill them; leave the stream out of those samples, and the network learns a "
                "stand-in"
            ),
        ),
        (
            "samples lack it",
            {check.split: check.absent for check in own},
            "the network learns a stand-in; see that they are as common in every split",
        ),
    ):
        if sum(counts.values()):
            told = ", ".join(f"{counts[c.split]} of {c.shape[0]} in {c.split}" for c in own)
            uneven = _uneven([counts[c.split] / c.shape[0] for c in own])
            yield Finding(
                level="warning" if uneven else "note",
                message=f"{stream}: {wording}: {told}",
                mend=mend,
            )


def _uneven(shares: Sequence[float]) -> bool:
    return max(shares) - min(shares) > 0.2


def _gathered(check: StreamCheck) -> Iterable[str]:
    """Where in a split half of what is missing stands, if in few places."""
    missing = check.missing
    assert missing is not None, "something is missing"
    axes = (
        ("columns", missing.half_columns, missing.columns),
        ("frames", missing.half_frames, missing.frames),
        ("samples", missing.half_samples, missing.samples),
    )
    for axis, share, places in axes:
        if share <= GATHERED:
            shown = ", ".join(str(index) for index, _ in places[:_SHOWN])
            yield f"half of those of {check.split} in {share:.1%} of its {axis} ({shown})"


def _columns(profile: StreamProfile, train: StreamCheck, config: DataConfig) -> Iterable[Finding]:
    """Columns that say nothing, seen in train."""
    where = f"{profile.stream} in train"
    if train.empty:
        shown = ", ".join(map(str, train.empty[:_SHOWN]))
        more = ", ..." if len(train.empty) > _SHOWN else ""
        yield Finding(
            level="warning",
            message=f"{where}: {len(train.empty)} of {profile.dim} columns have no finite value, all "
            f"NaN or infinite ({shown}{more})",
            mend="set to 0 in all splits; leave them out, or fix what makes them",
        )
    left = profile.dim - train.constant - len(train.empty)
    too_few = config.pca.get(profile.stream, 0) > left
    if train.constant or too_few:
        yield Finding(
            level="error" if too_few else "note",
            message=f"{where}: {train.constant} of {profile.dim} columns are constant",
            mend=f"set data.pca.{profile.stream} to at most {left}"
            if too_few
            else "set to 0 in all splits, since they say nothing",
        )
