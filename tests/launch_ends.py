"""Ends that a worker's process may come to, as functions that a process can import."""

import errno
import sys
from pathlib import Path

from avq_core.errors import NoRoomError, OutOfDeviceMemoryError
from search.job import NO_ROOM, Job, Slot


def end_without_room(*_: object) -> None:
    """As `search.workers.worker.run_worker` ends where the data does not fit."""
    sys.exit(NO_ROOM)


def end_on_a_full_disk(*_: object) -> None:
    """As a worker ends whose trial cannot be stored; what Optuna raises in the end says nothing of it."""
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        raise UnboundLocalError("cannot access local variable 'updated_state'")  # noqa: B904


def end_with_a_bug(job: Job, slot: Slot) -> None:
    """As a worker ends that has a log."""
    Path(job.logs, f"worker-{slot.index}.log").write_text("Traceback")
    raise ZeroDivisionError("a bug\nand more")


def ignore_everything(*_: object) -> None:
    """As a worker that is in the middle of a long step."""
    import signal
    import time

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("at it", flush=True)
    time.sleep(60)


def raise_without_room(*_: object) -> None:
    """As a run of the confirmation ends there."""
    raise NoRoomError("a split of 9.99 GB does not fit")


def raise_too_large(*_: object) -> None:
    """As a run of the confirmation ends that takes too much memory with one sample at a time."""
    raise OutOfDeviceMemoryError("one sample at a time does not fit in the device's memory")
