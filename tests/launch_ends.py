"""Ends that a worker's process may come to, as functions that a process can import."""

import sys

from avq_core.errors import NoRoomError, OutOfDeviceMemoryError
from search.job import NO_ROOM


def end_without_room(*_: object) -> None:
    """As `search.workers.worker.run_worker` ends where the data does not fit."""
    sys.exit(NO_ROOM)


def raise_without_room(*_: object) -> None:
    """As a run of the confirmation ends there."""
    raise NoRoomError("a split of 9.99 GB does not fit")


def raise_too_large(*_: object) -> None:
    """As a run of the confirmation ends that takes too much memory with one sample at a time."""
    raise OutOfDeviceMemoryError("one sample at a time does not fit in the device's memory")
