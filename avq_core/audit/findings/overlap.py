"""Findings on samples and groups in two or more splits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.audit.overlap import MAX_PAIRS, SAME
from avq_core.audit.report import Finding, Overlap, SplitCheck

_SHOWN: Final = 3
_LEAK: Final = "scores will be too good"


def overlap_findings(overlap: Overlap, splits: Sequence[SplitCheck]) -> Iterable[Finding]:
    """Findings on duplicates, near duplicates and groups across splits, and on missing groups."""
    if overlap.shared_groups:
        pairs = Counter(" and ".join(names) for _, names in overlap.shared_groups)
        shown = ", ".join(repr(group) for group, _ in overlap.shared_groups[:_SHOWN])
        yield Finding(
            level="error",
            message=f"{len(overlap.shared_groups)} of {overlap.groups} groups are in two or more "
            f"splits: {', '.join(f'{n} in {names}' for names, n in pairs.items())} (such as {shown})",
            mend=f"{_LEAK}: move all samples of a group into one split",
        )
    if overlap.exact:
        shown = "; ".join(" = ".join(places[:_SHOWN]) for places in overlap.exact[:_SHOWN])
        yield Finding(
            level="error",
            message=f"identical samples in two or more splits: {len(overlap.exact)} ({shown})",
            mend=f"{_LEAK}: keep each in one split",
        )
    same = [pair for pair in overlap.near if pair[2] < SAME]
    alike = [pair for pair in overlap.near if pair[2] >= SAME]
    for level, near_pairs, wording, mend in (
        ("error", same, "the same except for rounding or noise", "keep one of each pair"),
        (
            "warning",
            alike,
            "nearly the same",
            "check whether they are of the same recording; if so, keep both in one split",
        ),
    ):
        if near_pairs:
            more = " and more" if len(overlap.near) == MAX_PAIRS else ""
            shown = "; ".join(f"{a} ~ {b}, distance {d:.3f}" for a, b, d in near_pairs[:_SHOWN])
            yield Finding(
                level=level,
                message=f"pairs of samples in two splits, {wording}: {len(near_pairs)}{more} "
                f"({shown}; the usual distance to the nearest sample is {overlap.usual:.2f})",
                mend=f"{_LEAK}: {mend}",
            )
    if overlap.repeated:
        yield Finding(
            level="note",
            message=f"samples that occur more than once in a split: {overlap.repeated}",
            mend="they have more weight than others; keep each once, unless this is intended",
        )
    ungrouped = sum(split.ungrouped for split in splits)
    if ungrouped:
        yield Finding(
            level="note",
            message=f"samples without a group: {ungrouped}",
            mend="leaks between splits cannot be detected without groups: give samples of the same "
            "speaker or recording the same 'group'",
        )
