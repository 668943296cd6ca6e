"""What about samples and groups in two splits should worry a data set's owner."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.audit.overlap import MOST_SHOWN, SAME
from avq_core.audit.report import Finding, Overlap, SplitCheck

_SHOWN: Final = 3
_LEAK: Final = "scores will be too good"


def overlap_findings(overlap: Overlap, splits: Sequence[SplitCheck]) -> Iterable[Finding]:
    """Duplicates, near duplicates and groups across splits; samples without a group."""
    if overlap.shared_groups:
        pairs = Counter(" and ".join(names) for _, names in overlap.shared_groups)
        shown = ", ".join(repr(group) for group, _ in overlap.shared_groups[:_SHOWN])
        yield Finding(
            level="error",
            message=f"{len(overlap.shared_groups)} of {overlap.groups} groups stand in two splits or "
            f"more: {', '.join(f'{n} in {names}' for names, n in pairs.items())} (such as {shown})",
            mend=f"{_LEAK}: move all samples of a group into one split",
        )
    if overlap.exact:
        shown = "; ".join(" = ".join(places[:_SHOWN]) for places in overlap.exact[:_SHOWN])
        yield Finding(
            level="error",
            message=f"samples in two splits or more, value for value: {len(overlap.exact)} ({shown})",
            mend=f"{_LEAK}: keep each in one split",
        )
    same = [pair for pair in overlap.near if pair[2] < SAME]
    alike = [pair for pair in overlap.near if pair[2] >= SAME]
    for level, pairs_found, wording, mend in (
        ("error", same, "the same but for rounding or noise", "keep one of each pair"),
        (
            "warning",
            alike,
            "nearly the same",
            "look whether they are of one recording; if so, keep both in one split",
        ),
    ):
        if pairs_found:
            more = " and more" if len(overlap.near) == MOST_SHOWN else ""
            shown = "; ".join(f"{a} ~ {b}, distance {d:.3f}" for a, b, d in pairs_found[:_SHOWN])
            yield Finding(
                level=level,
                message=f"pairs of samples in two splits, {wording}: {len(pairs_found)}{more} "
                f"({shown}; the usual distance to the nearest is {overlap.usual:.2f})",
                mend=f"{_LEAK}: {mend}",
            )
    if overlap.repeated:
        yield Finding(
            level="note",
            message=f"samples that stand in one split more than once: {overlap.repeated}",
            mend="they count more than the others: keep each once, unless that is meant",
        )
    ungrouped = sum(split.ungrouped for split in splits)
    if ungrouped:
        yield Finding(
            level="note",
            message=f"samples without a group: {ungrouped}",
            mend="leaks between splits cannot be seen without: give samples of one speaker or "
            "clip the same 'group'",
        )
