"""Findings on labels."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.audit.report import Correlation, Finding, TaskCheck

FEW_LABELS: Final = 50
"""Number of valid labels in a split below which R² has a standard error of about 0.1 and more."""
OUTSIDE: Final = 0.05
"""Share of the train range by which labels may exceed it, since that happens by chance."""
LABEL_DRIFT: Final = 0.5
"""Difference of a task's mean from train's, in train standard deviations, that is a warning if chance
does not explain it."""
ALIKE: Final = 0.95
"""Absolute correlation above which two tasks are nearly the same."""


def label_findings(tasks: Sequence[TaskCheck]) -> Iterable[Finding]:
    """Findings on tasks whose R² is undefined, uncertain or hard to compare."""
    train = {check.task: check for check in tasks if check.split == "train"}
    for check in tasks:
        if not _varies(check):
            constant = f", all {check.low:g}: a constant label" if check.valid else ""
            yield Finding(
                level="error",
                message=f"{check.task} in {check.split}: {check.valid} valid labels without "
                f"variance{constant}",
                mend="R² is not defined; leave the task out, or add labels",
            )
    judged = [c for c in tasks if c.split != "train" and _varies(c)]
    for split in dict.fromkeys(check.split for check in judged):
        checks = [check for check in judged if check.split == split]
        few = [f"{check.task} {check.valid}" for check in checks if check.valid < FEW_LABELS]
        if few:
            yield Finding(
                level="warning",
                message=f"tasks with fewer than {FEW_LABELS} valid labels in {split}: {', '.join(few)}",
                mend="the standard error of their R² is 0.1 and more; add labels if you can",
            )
        beyond = [text for check in checks if (text := _beyond(check, train[check.task]))]
        if beyond:
            yield Finding(
                level="note",
                message=f"labels in {split} outside the range of train: {', '.join(beyond)}",
                mend="a sigmoid head cannot predict these values; a linear head can (model.head)",
            )
        shifted = [text for check in checks if (text := _shift(check, train[check.task]))]
        if shifted:
            yield Finding(
                level="warning",
                message=f"tasks in {split} whose mean label differs from train's, in standard "
                "deviations: " + ", ".join(shifted),
                mend="R² is not comparable between splits of different difficulty; make new splits if "
                "you can",
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
    """Findings on tasks that are nearly the same."""
    for pair in correlations:
        if abs(pair.r) > ALIKE:
            yield Finding(
                level="note",
                message=f"{pair.first} and {pair.second} correlate with r = {pair.r:.3f} over "
                f"{pair.count} train samples",
                mend="nearly the same task: R² of one says little more than R² of the other",
            )
