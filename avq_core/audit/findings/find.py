"""Findings on streams, and the list of all findings."""

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
"""Share of missing values above which the medians that fill them begin to correlate with labels."""
CONCENTRATED: Final = 0.1
"""Missing values are concentrated if half of them are in at most this share of the columns, frames or
samples."""
DRIFTED: Final = 0.25
"""Share of a stream's columns whose mean is over one standard deviation away. With a handful of
speakers in a split, a tenth of that is usual."""
REDUNDANT: Final = 0.5
"""A stream is redundant if fewer components than this share of its columns have 99 % of the variance."""
_SHOWN: Final = 5
_READ: Final = "docs/data.md says how to read the file otherwise"


def find(
    *,
    splits: Sequence[SplitCheck],
    streams: Sequence[StreamCheck],
    profiles: Sequence[StreamProfile],
    tasks: Sequence[TaskCheck],
    correlations: Sequence[Correlation],
    overlap: Overlap,
    config: DataConfig,
    notes: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """All findings, errors first, then warnings, then notes; `notes` say how the file was read."""
    findings = [
        *overlap_findings(overlap, splits),
        *(finding for profile in profiles for finding in _stream(profile, streams, config)),
        *label_findings(tasks),
        *correlation_findings(correlations),
        *(Finding(level="note", message=note, mend=_READ) for note in notes),
    ]
    order = ("error", "warning", "note")
    return tuple(sorted(findings, key=lambda finding: order.index(finding.level)))


def _stream(
    profile: StreamProfile, checks: Sequence[StreamCheck], config: DataConfig
) -> Iterable[Finding]:
    """Findings on one stream."""
    by_split = [check for check in checks if check.stream == profile.stream]
    yield from _gaps(profile.stream, by_split)
    yield from _outside(profile.stream, by_split)
    yield from _columns(profile, by_split[0], config)
    if profile.wild:
        yield Finding(
            level="warning" if profile.wildest > 10 * WILD else "note",
            message=f"{profile.stream}: {profile.wild} of {profile.dim} columns have values beyond "
            f"{WILD:g} train standard deviations, up to {profile.wildest:,.0f}",
            mend="not changed, since data.clip is null; check where they come from"
            if config.clip is None
            else f"clipped at {config.clip:g} (data.clip); check where they come from",
        )
    yield from _dominated(profile)
    for drift in profile.drift:
        if drift.share > DRIFTED:
            columns = ", ".join(map(str, drift.columns))
            yield Finding(
                level="warning",
                message=f"{profile.stream}: in {drift.split} {drift.share:.0%} of the columns have a "
                f"mean over one standard deviation away from train's (most: {columns})",
                mend="usual with few speakers in a split; otherwise check whether the splits were "
                "recorded and processed in the same way",
            )
    few = 0 < profile.components < REDUNDANT * profile.dim and profile.dim >= 32
    if few and profile.stream not in config.pca:
        yield Finding(
            level="note",
            message=f"{profile.stream}: {profile.components} principal components have 99 % of the "
            f"variance of its {profile.dim} columns",
            mend=f"`pca: {{{profile.stream}: {profile.components}}}` in --layout trains faster; the "
            "remaining 1 % may contain small movements, so compare both on val",
        )


def _gaps(stream: str, checks: Sequence[StreamCheck]) -> Iterable[Finding]:
    """Findings on missing values and missing streams."""
    total = sum(math.prod(check.shape) for check in checks)
    for what, counts in (
        ("NaN", {check.split: check.nan for check in checks}),
        ("infinite", {check.split: check.infinite for check in checks}),
    ):
        number = sum(counts.values())
        if not number:
            continue
        many = number / total > MANY_MISSING
        places = "; ".join(
            place for check in checks if counts[check.split] for place in _concentrated(check)
        )
        yield Finding(
            level="warning" if many or what == "infinite" else "note",
            message=f"{stream}: {number:,} values are {what} ({number / total:.2%}): "
            + ", ".join(f"{count:,} in {split}" for split, count in counts.items() if count)
            + (f"; {places}" if places else ""),
            mend="filled with the train median of their column"
            + ("; check where they come from" if many or what == "infinite" else ""),
        )
    for wording, counts, mend in (
        (
            "samples have it without one finite value",
            {check.split: check.unobserved for check in checks},
            (
                "filled with medians; leave the stream out of those samples to let the network learn "
                "a stand-in"
            ),
        ),
        (
            "samples lack it",
            {check.split: check.absent for check in checks},
            "the network learns a stand-in; check that they are as common in every split",
        ),
    ):
        if sum(counts.values()):
            by_split = ", ".join(f"{counts[c.split]} of {c.shape[0]} in {c.split}" for c in checks)
            uneven = _uneven([counts[c.split] / c.shape[0] for c in checks])
            yield Finding(
                level="warning" if uneven else "note",
                message=f"{stream}: {wording}: {by_split}",
                mend=mend,
            )


def _outside(stream: str, checks: Sequence[StreamCheck]) -> Iterable[Finding]:
    """The finding on values far outside the range of the train clips."""
    number = sum(check.outside for check in checks)
    if not number:
        return
    places = [
        f"{check.split} sample {outlier.sample}, columns {', '.join(map(str, outlier.columns))}: "
        f"{outlier.values:,} up to {outlier.farthest:g}"
        for check in checks
        for outlier in check.outliers[:_SHOWN]
    ]
    more = "; ..." if len(places) > _SHOWN else ""
    yield Finding(
        level="warning",
        message=f"{stream}: {number:,} values lie far outside the range of the train clips "
        f"({'; '.join(places[:_SHOWN])}{more})",
        mend="filled with the train median of their column, as NaN is; check what made those samples",
    )


def _dominated(profile: StreamProfile) -> Iterable[Finding]:
    """The finding on columns that a few train clips dominate."""
    if not profile.dominated:
        return
    shown = ", ".join(
        f"column {each.column}: {each.clips:.1%}" for each in profile.dominated[:_SHOWN]
    )
    more = ", ..." if len(profile.dominated) > _SHOWN else ""
    yield Finding(
        level="note",
        message=f"{profile.stream} in train: a few clips make over 95 % of the standard deviation of "
        f"{len(profile.dominated)} of {profile.dim} columns ({shown} of the clips{more})",
        mend="standardised by it, the other clips are nearly constant; check what made those few",
    )


def _uneven(shares: Sequence[float]) -> bool:
    return max(shares) - min(shares) > 0.2


def _concentrated(check: StreamCheck) -> Iterable[str]:
    """The few columns, frames or samples of a split with half of its missing values, if any."""
    missing = check.missing
    assert missing is not None, "something is missing"
    axes = (
        ("columns", missing.half_columns, missing.columns),
        ("frames", missing.half_frames, missing.frames),
        ("samples", missing.half_samples, missing.samples),
    )
    for axis, share, places in axes:
        if share <= CONCENTRATED:
            shown = ", ".join(str(index) for index, _ in places[:_SHOWN])
            yield f"half of those in {check.split} are in {share:.1%} of its {axis} ({shown})"


def _columns(profile: StreamProfile, train: StreamCheck, config: DataConfig) -> Iterable[Finding]:
    """Findings on columns of train without finite values or without variation."""
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
            else "set to 0 in all splits, since nothing can be learned from them",
        )
