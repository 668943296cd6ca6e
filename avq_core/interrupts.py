"""Ctrl-C and a scheduler's SIGTERM: a command ends within seconds, whatever it is doing.

Both raise `KeyboardInterrupt` in the main thread, where three things can go wrong. Raised inside an import,
it leaves half a library behind, or ends the process in C++: so it waits until the import is over. Raised
inside a destructor, Python drops it: so it is raised once more. And code that does not come back to Python,
or waits for something that does not come, never sees it: so a thread ends the process after a while.
"""

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

from avq_search.start import INTERRUPTED, say_interrupted

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

PATIENCE_SECONDS: Final = 8.0
"""How long an interrupted command may take to clean up before its process is ended."""
_AGAIN_SECONDS: Final = 0.05
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether a signal has asked the command to end."""

    def __init__(self) -> None:
        self.came = False

    def on_signal(self, _number: int, frame: FrameType | None) -> None:
        """Raises `KeyboardInterrupt`, now or when the import is over during which the signal came."""
        self.came = True
        if _is_importing(frame):
            self.raise_soon()
        else:
            raise KeyboardInterrupt

    def on_unraisable(self, unraisable: "UnraisableHookArgs") -> None:
        """Keeps an interrupt that Python has to drop, since a destructor cannot raise."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            self.raise_soon()
        else:
            sys.__unraisablehook__(unraisable)

    @staticmethod
    def raise_soon() -> None:
        """Has `on_signal` called again in a moment, by a timer."""
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)


@contextlib.contextmanager
def interruptible(*, patience: float = PATIENCE_SECONDS) -> Iterator[Interrupts]:
    """Handles Ctrl-C and SIGTERM in a block; does nothing outside of the main thread.

    A signal that is ignored, as Ctrl-C is in a shell's background jobs, stays so.

    Args:
        patience: Seconds that the block may take to end after a signal, before the process is ended.

    Yields:
        Whether a signal came.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    # `None` is the handler of a program that embeds Python.
    left = (signal.SIG_IGN, None)
    taken = [number for number in _SIGNALS if signal.getsignal(number) not in left]
    before = {n: signal.signal(n, interrupts.on_signal) for n in (*taken, signal.SIGALRM)}
    hook, sys.unraisablehook = sys.unraisablehook, interrupts.on_unraisable
    try:
        with _watched(taken, patience):
            yield interrupts
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _watched(numbers: list[signal.Signals], patience: float) -> Iterator[None]:
    """Ends the process when a block does not end in time after one of the signals."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    # The C handler writes the signal's number: a thread learns of it also while the main thread does not
    # come back to Python.
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(read, {*numbers}, patience), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        os.close(write)
        watch.join()
        os.close(read)


def _watch(read: int, numbers: set[signal.Signals], patience: float) -> None:
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([read], [], [], left)[0]:
            break
        received = os.read(read, 64)
        if not received:
            return
        if deadline is None and numbers & set(received):
            deadline = time.monotonic() + patience
    say_interrupted()
    end_process(INTERRUPTED)


def end_process(status: int) -> NoReturn:
    """Ends this process at once, and the processes that it started with `multiprocessing`."""
    if multiprocessing := sys.modules.get("multiprocessing"):
        for child in multiprocessing.active_children():
            child.kill()
    os._exit(status)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
