"""Workers as processes of this machine."""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from typing import Final

from avq_core.errors import ConfigError
from search.launch.failure import WorkerFailedError
from search.worker import Job, Slot, run_worker

_MOST_A_GPU: Final = 8
_GPU_BYTES_A_WORKER: Final = 5 * 2**30
"""For its copy of the data, a network of the spaces' largest and its activations."""
_TICK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 30.0
"""How long a worker may take to hand its trial back before it is killed."""
_MAX_STARTS: Final = 4
"""Of the worker of one slot; killed more often, something is wrong with the machine."""


def available_cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def make_slots(*, workers: str, devices: str) -> list[Slot]:
    """One slot a worker.

    Args:
        workers: A number, or `auto`: one a CPU core, or on a GPU as many as its memory and the cores
            beside it carry, up to `_MOST_A_GPU`. Two processes of one thread train two small
            networks faster than one process of two threads trains them in turn, and one process
            leaves most of a GPU idle (docs/experiments.md).
        devices: `auto`, `cpu`, or CUDA devices by comma; workers take them in turn.

    Raises:
        ConfigError: Not a number of workers, or a device that is not there.
    """
    from avq_core.training.device import parse_device

    if devices == "auto":
        import torch

        names = [f"cuda:{i}" for i in range(torch.cuda.device_count())] or ["cpu"]
    else:
        names = [str(parse_device(name.strip())) for name in devices.split(",")]
    cores = available_cores()
    count = sum(_carried(name, cores // len(names)) for name in names)
    if workers != "auto":
        count = int(workers) if workers.isdecimal() else 0
        if not 1 <= count <= 1024:
            raise ConfigError(f"--workers is {workers!r}, expected auto or a number from 1 to 1024")
    own = [names[i % len(names)] for i in range(count)]
    return [
        Slot(
            index=index,
            device=name,
            threads=max(1, cores // count),
            memory_share=1 / own.count(name),
        )
        for index, name in enumerate(own)
    ]


def _carried(device: str, cores: int) -> int:
    """Workers that a device carries, with so many cores to feed it."""
    if device == "cpu":
        return max(1, cores)
    import torch

    memory = torch.cuda.get_device_properties(device).total_memory
    return max(1, min(cores, memory // _GPU_BYTES_A_WORKER, _MOST_A_GPU))


def run_workers(job: Job, slots: Sequence[Slot], *, on_tick: Callable[[], None]) -> None:
    """Runs a worker in every slot until all are done.

    Ctrl-C (or whatever else `on_tick` lets through) asks the workers to hand their trials back,
    waits for that, and goes on up.

    Args:
        job: What to work on.
        slots: Where.
        on_tick: Called about twice a second.

    Raises:
        WorkerFailedError: A worker ended with an error, or was killed too often; the others were
            stopped.
    """
    crew = [_Member(job, slot) for slot in slots]
    try:
        for member in crew:
            member.start()
        # A list: every member is looked at, whoever else is at work.
        while any([member.is_at_work() for member in crew]):  # noqa: C419
            on_tick()
            time.sleep(_TICK_SECONDS)
    except KeyboardInterrupt:
        print("\nstopping: running trials are handed back", file=sys.stderr, flush=True)
        raise
    finally:
        _stop([member.process for member in crew])


@contextlib.contextmanager
def shielded_from_ctrl_c() -> Iterator[None]:
    """Processes started inside ignore Ctrl-C from their first instruction on: the parent tells."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Member:
    """The worker of one slot; replaced when something kills it, such as the kernel for memory."""

    def __init__(self, job: Job, slot: Slot) -> None:
        self.job = job
        self.slot = slot
        self.starts = 0
        self.process = self._new()

    def _new(self) -> BaseProcess:
        # Spawned, not forked: a fork of a process with threads (a GPU's driver, say) may hang.
        context = multiprocessing.get_context("spawn")
        name = f"worker-{self.slot.index}"
        return context.Process(target=run_worker, args=(self.job, self.slot), name=name)

    def start(self) -> None:
        self.starts += 1
        with shielded_from_ctrl_c():
            self.process.start()

    def is_at_work(self) -> bool:
        """Whether the worker runs; starts it again where it was killed."""
        status = self.process.exitcode
        if status is None or status == 0:
            return status is None
        if status < 0 and self.starts < _MAX_STARTS:
            self.process = self._new()
            self.start()
            return True
        log = self.job.logs / f"{self.process.name}.log"
        raise WorkerFailedError(f"{self.process.name} ended with status {status}; see {log}")


def _stop(processes: Sequence[BaseProcess]) -> None:
    """Asks every worker to hand back and waits; kills the one that does not answer in time."""
    for process in processes:
        if process.is_alive():
            process.terminate()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for process in processes:
        if process.pid is None:
            continue
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
