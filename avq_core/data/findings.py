"""What about a data set should worry its owner, and what to do about it."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from avq_core.data.audit_report import Finding, StreamCheck, TaskCheck
from avq_core.data.dataset import RawSplit, named_groups
from avq_core.data_config import DataConfig

MANY_MISSING: Final = 0.05
"""Share of a stream's values; above it the medians that fill them begin to tell the labels apart."""
FEW_LABELS: Final = 50
"""Valid labels of a split; below it one R² has a standard error of about 0.1."""
OUTSIDE: Final = 0.05
"""Share of the train labels' range; a label further outside is more than chance at the edges."""
_SHOWN: Final = 3


def group_findings(splits: Mapping[str, RawSplit]) -> Iterable[Finding]:
    """Groups that stand in several splits, and samples without one."""
    homes: dict[str, list[str]] = {}
    for name, split in splits.items():
        for group in dict.fromkeys(named_groups(split)):
            homes.setdefault(group, []).append(name)
    shared = {group: names for group, names in homes.items() if len(names) > 1}
    if shared:
        pairs = Counter(" and ".join(names) for names in shared.values())
        yield Finding(
            level="warning",
            message=f"{len(shared)} of {len(homes)} groups stand in two splits or more: "
            + ", ".join(f"{count} in {names}" for names, count in pairs.items())
            + f" (such as {', '.join(map(repr, list(shared)[:_SHOWN]))})",
            mend="scores will be too good: move all samples of a group into one split",
        )
    ungrouped = sum(len(split) - len(named_groups(split)) for split in splits.values())
    if ungrouped:
        yield Finding(
            level="note",
            message=f"{ungrouped} samples name no group",
            mend="leaks between splits cannot be seen without: give samples of one speaker or "
            "clip the same 'group'",
        )


def duplicate_findings(splits: Mapping[str, RawSplit]) -> Iterable[Finding]:
    """Samples that are there more than once, value for value."""
    homes: dict[bytes, list[str]] = {}
    for name, split in splits.items():
        for index in range(len(split)):
            homes.setdefault(_digest(split, index), []).append(f"{name} {index}")
    repeated = [places for places in homes.values() if len(places) > 1]
    across = [p for p in repeated if len({place.partition(" ")[0] for place in p}) > 1]
    if across:
        shown = "; ".join(" = ".join(places[:_SHOWN]) for places in across[:_SHOWN])
        yield Finding(
            level="warning",
            message=f"{len(across)} samples stand in two splits or more, value for value ({shown})",
            mend="scores will be too good: keep each in one split",
        )
    if len(repeated) > len(across):
        yield Finding(
            level="note",
            message=f"{len(repeated) - len(across)} samples stand in one split more than once",
            mend="they count more than the others: keep each once, unless that is meant",
        )


def _digest(split: RawSplit, index: int) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for samples in split.features.values():
        digest.update(np.ascontiguousarray(samples[index]).data)
    return digest.digest()


def stream_findings(check: StreamCheck, config: DataConfig) -> Iterable[Finding]:
    """Values that are missing and columns that say nothing."""
    where = f"{check.stream} in {check.split}"
    share = check.nan / math.prod(check.shape)
    if check.nan:
        yield Finding(
            level="warning" if share > MANY_MISSING else "note",
            message=f"{where}: {check.nan:,} values are NaN ({share:.2%})",
            mend="filled with the train median of their column"
            + ("; see why so many are missing" if share > MANY_MISSING else ""),
        )
    if check.infinite:
        yield Finding(
            level="warning",
            message=f"{where}: {check.infinite:,} values are infinite",
            mend="filled as if missing; see where they come from",
        )
    if check.split != "train":
        return
    if check.empty:
        yield Finding(
            level="warning",
            message=f"{where}: {check.empty} of {check.shape[-1]} columns have no finite value",
            mend="set to 0 in all splits; leave them out, or fix what makes them",
        )
    if check.constant:
        left = check.shape[-1] - check.constant - check.empty
        too_few = config.pca.get(check.stream, 0) > left
        yield Finding(
            level="error" if too_few else "note",
            message=f"{where}: {check.constant} of {check.shape[-1]} columns are constant",
            mend=f"set data.pca.{check.stream} to at most {left}"
            if too_few
            else "set to 0 in all splits, since they say nothing",
        )


def task_findings(tasks: Iterable[TaskCheck]) -> Iterable[Finding]:
    """Tasks whose R² will not exist, or will say little."""
    train: dict[str, TaskCheck] = {}
    for check in tasks:
        where = f"{check.task} in {check.split}"
        if check.split == "train":
            train[check.task] = check
        if check.valid < 2 or check.low == check.high:
            yield Finding(
                level="error",
                message=f"{where}: {check.valid} valid labels without variance",
                mend="R² does not exist there; leave the task out, or add labels",
            )
        elif check.split != "train" and check.valid < FEW_LABELS:
            yield Finding(
                level="warning",
                message=f"{where}: only {check.valid} valid labels",
                mend="its R² is uncertain by 0.1 and more; add labels, or trust it little",
            )
        seen = train.get(check.task)
        slack = OUTSIDE * (seen.high - seen.low) if seen is not None else math.nan
        if seen is not None and (check.low < seen.low - slack or check.high > seen.high + slack):
            yield Finding(
                level="note",
                message=f"{where}: labels in [{check.low:.3g}, {check.high:.3g}] leave the train "
                f"split's [{seen.low:.3g}, {seen.high:.3g}]",
                mend="a sigmoid head cannot follow there; a linear one can (model.head)",
            )
