"""Training runs that are not trials, such as the confirmation's, in parallel on this machine's slots."""

import concurrent.futures
import contextlib
import math
import multiprocessing
import os
import threading
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from avq_core.config.training import TrainConfig
from avq_core.errors import NoRoomError, OutOfDeviceMemoryError
from avq_core.outputs import keep_outputs
from search.job import Slot
from search.workers.failure import WorkerFailedError
from search.workers.processes import shielded_from_ctrl_c

if TYPE_CHECKING:
    from multiprocessing.queues import Queue


Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task(Generic[Key]):
    """One training run."""

    key: Key
    """Identifies its result."""
    config: TrainConfig
    store: Path
    """Folder of the prepared store: the study's, or a fold's."""
    opens_test: bool = False
    """Whether the store's test split is scored afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The result of a run."""

    r2: dict[str, float]
    """Validation R² by task; NaN where not defined or diverged."""
    num_labels: dict[str, int]
    """Valid validation labels by task."""
    val_scores: npt.NDArray[np.float32]
    """(N, K) on the validation split; (0, K) where the run diverged."""
    test_scores: npt.NDArray[np.float32]
    """(N, K) on the test split; (0, K) where it was not opened."""


def run_tasks(tasks: Sequence[Task[Key]], *, slots: Sequence[Slot]) -> Iterator[tuple[Key, Result]]:
    """Runs tasks in a new pool; see `TaskPool.run`."""
    if not tasks:
        return
    with TaskPool(slots[: len(tasks)]) as pool:
        yield from pool.run(tasks)


class TaskPool:
    """Processes that run tasks, one for each slot, started when the first task comes."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        context = multiprocessing.get_context("spawn")
        self._num_slots = len(slots)
        barrier = context.Barrier(len(slots))
        free: Queue[Slot] = context.Queue()
        for slot in slots:
            free.put(slot)
        self._pool = ProcessPoolExecutor(
            len(slots), mp_context=context, initializer=_start, initargs=(free, barrier)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # Results that were yielded are the caller's; a run that is cut off leaves nothing behind.
            for process in [*(self._pool._processes or {}).values()]:  # noqa: SLF001 - no other way
                process.kill()
        self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)

    def start(self) -> list[int]:
        """Starts every process, so that a benchmark can time tasks alone; returns their ids when all are ready."""
        with shielded_from_ctrl_c():
            futures = [self._pool.submit(_wait_for_all) for _ in range(self._num_slots)]
        return [future.result() for future in futures]

    def run(self, tasks: Sequence[Task[Key]]) -> Iterator[tuple[Key, Result]]:
        """Runs tasks in order as slots become free, and yields each result as its run ends.

        Ctrl-C ends the runs on their way; results yielded before are not lost.
        """
        with shielded_from_ctrl_c():
            futures = {self._pool.submit(_run, task): task.key for task in tasks}
        try:
            for future in concurrent.futures.as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise WorkerFailedError(
                "a process of the confirmation was killed (out of memory?); the same search goes "
                "on from there; give fewer `workers` if it happens again"
            ) from error
        except OutOfDeviceMemoryError as error:
            raise NoRoomError(
                f"a run of the confirmation found no room ({error}); the same search goes on from "
                "there; free some memory, or give fewer `workers`, if it happens again"
            ) from error


class _Process:
    """State that a pool process keeps between its runs."""

    device: Any
    barrier: Barrier
    cached: tuple[Path, Any] | None = None
    """The last store and its splits on the device."""


def _start(free: "Queue[Slot]", barrier: Barrier) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_outputs()
    import torch

    from avq_core.training.device import claim_device

    slot = free.get()
    torch.set_num_threads(slot.threads)
    _Process.device = claim_device(slot.device, memory_share=slot.memory_share)
    _Process.barrier = barrier


def _wait_for_all() -> int:
    # A process that waits here takes no second task, so every process comes here once.
    _Process.barrier.wait()
    return os.getpid()


def _end_with_parent() -> None:
    """Ends this process when the parent has died: it would wait for tasks, or train, unseen."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(task: Task[Key]) -> Result:
    from avq_core.data.store.store import open_store
    from avq_core.errors import NonFiniteLossError
    from avq_core.training.loop import fit
    from avq_core.training.metrics import num_labels
    from avq_core.training.resident import ResidentSplits, splits_to_device, to_device
    from avq_core.training.scoring import predict

    opened = open_store(task.store)
    if _Process.cached is None or _Process.cached[0] != task.store:
        _Process.cached = None  # frees the last store's tensors before the next are made
        splits = splits_to_device(opened.search_splits(), _Process.device)
        _Process.cached = (task.store, splits)
    resident: ResidentSplits = _Process.cached[1]
    tasks = resident.schema.tasks
    counts = num_labels(resident.val.targets.cpu().numpy(), tasks)
    val_scores = scores = np.empty((0, len(tasks)), dtype=np.float32)
    r2 = dict.fromkeys(tasks, math.nan)
    # The caller sees divergence from the missing R². Running out of memory is not caught
    # here: the configuration was trained before, so it ends the confirmation, and the same search goes on.
    with contextlib.suppress(NonFiniteLossError):
        result = fit(task.config, resident)
        last = result.history[-1]
        r2 = last.r2
        val_scores = last.val_scores
        if task.opens_test:
            test = to_device(opened.test_split(), _Process.device)
            scores = predict(result.network, test, precision=result.precision)
    return Result(r2=r2, num_labels=counts, val_scores=val_scores, test_scores=scores)
