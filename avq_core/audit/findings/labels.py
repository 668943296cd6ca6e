"""What about labels should worry a data set's owner."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.audit.report import Correlation, Finding, TaskCheck

FEW_LABELS: Final = 50
"""Valid labels of a split; below it one R² has a standard error of about 0.1."""
OUTSIDE: Final = 0.05
"""Share of the train labels' range; a label further outside is more than chance at the edges."""
LABEL_DRIFT: Final = 0.5
"""Difference of a task's means, in train deviations; a warning if chance explains it badly, too."""
ALIKE: Final = 0.95
"""Correlation of two tasks, either sign, above which they are nearly one."""


def label_findings(tasks: Sequence[TaskCheck]) -> Iterable[Finding]:
    """Tasks whose R² will not exist, or will say little."""
    train = {check.task: check for check in tasks if check.split == "train"}
    for check in tasks:
        if not _varies(check):
            told = f", all {check.low:g}: a constant label" if check.valid else ""
            yield Finding(
                level="error",
                message=f"{check.task} in {check.split}: {check.valid} valid labels without "
                f"variance{told}",
                mend="R² does not exist there; leave the task out, or add labels",
            )
    judged = [c for c in tasks if c.split != "train" and _varies(c)]
    for split in dict.fromkeys(check.split for check in judged):
        own = [check for check in judged if check.split == split]
        few = [f"{check.task} {check.valid}" for check in own if check.valid < FEW_LABELS]
        if few:
            yield Finding(
                level="warning",
                message=f"tasks with fewer than {FEW_LABELS} valid labels in {split}: {', '.join(few)}",
                mend="their R² is uncertain by 0.1 and more; add labels, or trust it little",
            )
        beyond = [told for check in own if (told := _beyond(check, train[check.task]))]
        if beyond:
            yield Finding(
                level="note",
                message=f"labels in {split} that leave the range of train's: {', '.join(beyond)}",
                mend="a sigmoid head cannot follow there; a linear one can (model.head)",
            )
        shifted = [told for check in own if (told := _shift(check, train[check.task]))]
        if shifted:
            yield Finding(
                level="warning",
                message=f"labels in {split} whose mean is away from train's, in deviations: "
                + ", ".join(shifted),
                mend="a split of other difficulty makes R² another question; split anew if you can",
            )


def _varies(check: TaskCheck) -> bool:
    return check.valid >= 2 and check.low < check.high


def _beyond(check: TaskCheck, train: TaskCheck) -> str:
    slack = OUTSIDE * (train.high - train.low)
    if not _varies(train) or (check.low >= train.low - slack and check.high <= train.high + slack):
        return ""
    return (
        f"{check.task} [{check.low:.3g}, {check.high:.3g}] of [{train.low:.3g}, {train.high:.3g}]"
    )


def _shift(check: TaskCheck, train: TaskCheck) -> str:
    if not _varies(train):
        return ""
    shift = (check.mean - train.mean) / train.deviation
    chance = 3 * math.sqrt(1 / check.valid + 1 / train.valid)
    return f"{check.task} {shift:+.1f}" if abs(shift) > max(LABEL_DRIFT, chance) else ""


def correlation_findings(correlations: Iterable[Correlation]) -> Iterable[Finding]:
    """Tasks that are nearly one."""
    for pair in correlations:
        if abs(pair.r) > ALIKE:
            yield Finding(
                level="note",
                message=f"{pair.first} and {pair.second} correlate with r = {pair.r:.3f} over "
                f"{pair.count} train samples",
                mend="nearly one task: a good figure of one says little more than the other's",
            )
