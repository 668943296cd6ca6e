"""Progress of all workers, read from the study's storage, in one line."""

import math
from dataclasses import dataclass

import optuna

from studies.records.read import read_study
from studies.records.trial import TrialRecord
from studies.score import Watch


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A study at one moment."""

    complete: int
    pruned: int
    failed: int
    running: int
    total: int
    incumbent: TrialRecord | None
    """The best complete trial."""
    epochs_spent: int
    epochs_saved: int
    stopped: str | None
    """Why the study ended before its total, in words."""
    seconds_left: float | None
    """Estimated from the pace of this run; `None` before its first trial has finished."""

    @property
    def finished(self) -> int:
        """Trials that count towards the total."""
        return self.complete + self.pruned


def take_snapshot(
    study: optuna.Study, *, total: int, finished_at_start: int, elapsed: float
) -> Snapshot:
    """Reads the state of a study.

    Args:
        study: The study.
        total: Its trials in all.
        finished_at_start: Number of finished trials when this run began.
        elapsed: Seconds since this run began.
    """
    record = read_study(study)
    counts, finished = record.counts, record.counts.finished
    fresh = finished - finished_at_start
    left = elapsed / fresh * max(0, total - finished) if fresh > 0 else None
    return Snapshot(
        complete=counts.complete,
        pruned=counts.pruned,
        failed=counts.failed,
        running=counts.running,
        total=total,
        incumbent=record.best,
        epochs_spent=record.epochs_spent,
        epochs_saved=record.epochs_saved,
        stopped=record.stopped,
        seconds_left=left,
    )


def describe(snapshot: Snapshot, watch: Watch) -> str:
    """A snapshot in one line."""
    parts = [
        f"{snapshot.finished}/{snapshot.total} trials",
        f"{snapshot.running} running",
        f"{snapshot.pruned} pruned",
    ]
    if snapshot.failed:
        parts.append(f"{snapshot.failed} requeued or failed")
    best = snapshot.incumbent
    if best is not None:
        watched = ", ".join(
            f"{task} {value:.3f}"
            for task in watch.tasks
            if not math.isnan(value := best.r2.get(task, math.nan))
        )
        parts.append(f"best #{best.number}: {watched}")
    planned = snapshot.epochs_spent + snapshot.epochs_saved
    if planned:
        parts.append(f"{snapshot.epochs_saved / planned:.0%} of epochs saved")
    if snapshot.stopped is not None:
        parts.append(f"stopped: {snapshot.stopped}")
    elif snapshot.seconds_left is not None and snapshot.finished < snapshot.total:
        parts.append(f"about {format_seconds(snapshot.seconds_left)} left")
    return " · ".join(parts)


def format_seconds(seconds: float) -> str:
    """Seconds in words: `45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
