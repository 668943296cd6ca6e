"""Workers as processes of this machine."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Final

from avq_core.errors import NoRoomError
from search.job import NO_ROOM, Job, Slot
from search.workers.failure import WorkerFailedError
from search.workers.worker import run_worker

_TICK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 30.0
"""How long a worker may take to hand its trial back before it is killed."""
_MAX_STARTS: Final = 4
"""Of the worker of one slot; killed more often, something is wrong with the machine."""


def run_workers(
    job: Job, slots: Sequence[Slot], *, on_tick: Callable[[], None], say: Callable[[str], None]
) -> None:
    """Runs a worker in every slot until all are done.

    Ctrl-C (or a SIGTERM that means the same) asks the workers to hand their trials back, waits for that,
    and goes on up. It is let in between two ticks: one that comes while a tick reads the storage could be
    lost in a library's clean-up. A second one does not wait.

    Args:
        job: What to work on.
        slots: Where.
        on_tick: Called about twice a second.
        say: Told that the workers are being stopped.

    Raises:
        NoRoomError: The data does not fit on a device as often as it has workers.
        WorkerFailedError: A worker ended with an error, or was killed too often; the others were
            stopped.
    """
    crew = [_Member(job, slot) for slot in slots]
    try:
        for member in crew:
            member.start()
        with held_interrupts() as let_in:
            # A list: every member is looked at, whoever else is at work.
            while any([member.is_at_work() for member in crew]):  # noqa: C419
                on_tick()
                let_in()
                time.sleep(_TICK_SECONDS)
                let_in()
    except KeyboardInterrupt:
        say("stopping: running trials go back to the queue")
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


@contextlib.contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Holds the first Ctrl-C or SIGTERM back until it is let in.

    A signal that is ignored, or ends the process unheard, is left as it is.

    Yields:
        Raises what was held back.
    """
    held = False

    def hold(_number: int, _frame: FrameType | None) -> None:
        nonlocal held
        if held:
            raise KeyboardInterrupt
        held = True

    def let_in() -> None:
        if held:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        for number in heard:
            signal.signal(number, hold)
        yield let_in
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
    let_in()


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
        if status == NO_ROOM:
            raise NoRoomError(
                f"{self.process.name} found no room on {self.slot.device} for its copy of the data "
                f"(see {log}); free some of its memory, give fewer `workers`, or take another device"
            )
        raise WorkerFailedError(f"{self.process.name} ended with status {status}; see {log}")


def _stop(processes: Sequence[BaseProcess]) -> None:
    """Asks every worker to requeue its trial and waits; kills the one that does not answer in time."""
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
