"""Runs workers as processes on this machine, restarts those that are killed, and stops them."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from avq_core.errors import NoRoomError
from avq_core.faults import describe, is_full
from avq_core.interrupts import held_interrupts
from search.job import NO_ROOM, Job, Slot
from search.workers.failure import WorkerFailedError
from search.workers.worker import run_worker

_TICK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 6.0
"""How long a worker may take to requeue its trial before it is killed, which leaves the command time to end
within ten seconds."""
_MAX_STARTS: Final = 4
"""How often one slot's worker is started; killed more often, something is wrong with the machine."""


def run_workers(
    job: Job,
    slots: Sequence[Slot],
    *,
    on_tick: Callable[[], None],
    on_killed: Callable[[Sequence[int]], None],
    say: Callable[[str], None],
) -> None:
    """Runs a worker in every slot until all are done.

    On Ctrl-C, or a SIGTERM handled as one, the workers are asked to requeue their trials; when they
    have, `KeyboardInterrupt` is raised. It is raised between two ticks only, since one that comes while a
    tick reads the storage could be lost in a library's clean-up. A second Ctrl-C is raised at once.

    Args:
        job: The study's settings.
        slots: One for each worker.
        on_tick: Called about twice a second.
        on_killed: Called with the process ids of workers that did not requeue their trials in time.
        say: Called with a line when the workers are being stopped.

    Raises:
        NoRoomError: The copies of the data, one for each worker, do not fit on a device.
        WorkerFailedError: A worker ended with an error, or was killed too often; the others were
            stopped.
    """
    members = [_WorkerProcess(job, slot) for slot in slots]
    try:
        for member in members:
            member.start()
        with held_interrupts() as raise_held:
            # A list, so that every worker is checked, and restarted if need be.
            while any([member.is_running() for member in members]):  # noqa: C419
                on_tick()
                raise_held()
                time.sleep(_TICK_SECONDS)
                raise_held()
    except KeyboardInterrupt:
        say("stopping: running trials go back to the queue")
        raise
    finally:
        if killed := _stop([member.process for member in members]):
            on_killed(killed)


@contextlib.contextmanager
def shielded_from_ctrl_c() -> Iterator[None]:
    """Processes started inside do not see Ctrl-C from their first instruction on; the parent stops them.

    In the parent, an interrupt that comes meanwhile is raised at the end.
    """
    # Started along with the first process, it would unblock the signal.
    resource_tracker.ensure_running()
    with held_interrupts():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(work: Callable[[Job, Slot], None], job: Job, slot: Slot, causes: Connection) -> None:
    """Runs a worker; where it fails, tells the parent why, since the log's disk may be full."""
    try:
        work(job, slot)
    except Exception as error:
        with contextlib.suppress(OSError):  # the parent has ended
            causes.send(describe(error))
        raise


class _WorkerProcess:
    """The worker of one slot; restarted when it is killed, such as by the kernel for want of memory."""

    def __init__(self, job: Job, slot: Slot) -> None:
        self.job = job
        self.slot = slot
        self.starts = 0
        self.log = job.logs / f"worker-{slot.index}.log"
        self._log_before = _size(self.log)
        self._new()

    def _new(self) -> None:
        # Spawned, not forked: a fork of a process with threads (a GPU's driver, say) may hang.
        context = multiprocessing.get_context("spawn")
        self._causes, self._sender = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(
            target=_work,
            args=(run_worker, self.job, self.slot, self._sender),
            name=f"worker-{self.slot.index}",
        )

    def start(self) -> None:
        self.starts += 1
        with shielded_from_ctrl_c():
            self.process.start()
            self._sender.close()

    def is_running(self) -> bool:
        """Whether the worker runs; restarts it if it was killed."""
        status = self.process.exitcode
        if status is None or status == 0:
            return status is None
        if status < 0 and self.starts < _MAX_STARTS:
            self._new()
            self.start()
            return True
        if status == NO_ROOM:
            raise NoRoomError(
                f"{self.process.name} found no room on {self.slot.device} for its copy of the data"
                f"{self._where('see')}; free some of its memory, give fewer `workers`, or take another "
                "device"
            )
        raise WorkerFailedError(f"{self._end(status)}{self._where('its traceback is in')}")

    def _end(self, status: int) -> str:
        """How the worker ended, and why as far as it could say."""
        name = self.process.name
        if status < 0:
            how = f"{name} was killed {self.starts} times by {signal.Signals(-status).name}"
        else:
            how = f"{name} ended with status {status}"
            with contextlib.suppress(EOFError):
                if self._causes.poll():
                    how = f"{name} failed: {self._causes.recv()}"
        if is_full(self.job.logs):
            how += f"; the disk of {self.job.logs.parent} is full: free some space, and the same search goes on"
        return how

    def _where(self, words: str) -> str:
        """Names the log, if this run has written to it."""
        return f" ({words} {self.log})" if _size(self.log) > self._log_before else ""


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _stop(processes: Sequence[BaseProcess]) -> list[int]:
    """Asks every worker to requeue its trial and end; kills those that do not in time.

    Returns:
        Ids of the processes that were killed.
    """
    for process in processes:
        if process.is_alive():
            process.terminate()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    killed = []
    for process in processes:
        if process.pid is None:
            continue
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
            killed.append(process.pid)
    return killed
