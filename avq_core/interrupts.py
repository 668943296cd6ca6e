"""Ctrl-C and a scheduler's SIGTERM: a command ends within seconds, whatever it is doing.

Both raise `KeyboardInterrupt` in the main thread, where three things can go wrong. Raised inside an import,
it leaves half a library behind, or ends the process in C++: so it waits until the import is over. Raised
inside a destructor, Python drops it: so it is raised once more. And code that does not come back to Python,
or waits for something that does not come, never sees it: so a thread ends the process after a while. The
same thread sends a signal again that has to be raised later; alarms and timers stay the caller's.
"""

import contextlib
import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

from avq_search.start import INTERRUPTED, say_interrupted

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

PATIENCE_SECONDS: Final = 8.0
"""How long an interrupted command may take to clean up before its process is ended."""
_AGAIN_SECONDS: Final = 0.05
_SEND_AGAIN: Final = b"\0"  # no signal has this number
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether a signal has asked the command to end."""

    def __init__(self, pipe: int | None = None) -> None:
        """Takes the writing end of the pipe that `_watch` reads; `None` where no signal is handled."""
        self.came = False
        self._pipe = pipe

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

    def raise_soon(self) -> None:
        """Has the signal sent again in a moment."""
        assert self._pipe is not None
        with contextlib.suppress(BlockingIOError):  # full of signals, of which each will be raised
            os.write(self._pipe, _SEND_AGAIN)


_open_blocks: Final[list[Interrupts]] = []
"""Of `interruptible`, the outermost first."""


@contextlib.contextmanager
def interruptible(*, patience: float = PATIENCE_SECONDS) -> Iterator[Interrupts]:
    """Handles Ctrl-C and SIGTERM in a block; does nothing outside of the main thread.

    A signal that is ignored, as Ctrl-C is in a shell's background jobs, stays so.

    Args:
        patience: Seconds that the block may take to end after a signal, before the process is ended.

    Yields:
        Whether a signal came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Interrupts()
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    interrupts = Interrupts(write)
    # `None` is the handler of a program that embeds Python.
    left = (signal.SIG_IGN, None)
    taken = [number for number in _SIGNALS if signal.getsignal(number) not in left]
    before = {number: signal.signal(number, interrupts.on_signal) for number in taken}
    hook, sys.unraisablehook = sys.unraisablehook, interrupts.on_unraisable
    _open_blocks.append(interrupts)
    try:
        with _watched(read, write, taken, patience):
            yield interrupts
    finally:
        _open_blocks.remove(interrupts)
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Holds the first Ctrl-C or SIGTERM back until the caller can take it.

    The command knows at once that one came: an error on the way out is then no error of the command. A
    signal without a Python handler keeps its effect.

    Yields:
        Raises `KeyboardInterrupt` if a signal was held back.
    """
    held = False

    def hold(_number: int, _frame: FrameType | None) -> None:
        nonlocal held
        for block in _open_blocks:
            block.came = True
        if held:
            raise KeyboardInterrupt
        held = True

    def raise_held() -> None:
        if held:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        for number in handled:
            signal.signal(number, hold)
        yield raise_held
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    raise_held()


@contextlib.contextmanager
def _watched(
    read: int, write: int, numbers: list[signal.Signals], patience: float
) -> Iterator[None]:
    """Ends the process when a block does not end in time after one of the signals; closes the pipe."""
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
    main = threading.main_thread().ident
    assert main is not None
    latest: int = signal.SIGINT
    deadline = again = math.inf
    while True:
        now = time.monotonic()
        if now >= deadline:
            break
        if now >= again:
            again = math.inf
            # A timer would be the caller's `SIGALRM`, and could not wake the main thread from a wait.
            signal.pthread_kill(main, latest)
        wait = max(0.0, min(deadline, again) - now)
        if not select.select([read], [], [], None if wait == math.inf else wait)[0]:
            continue
        received = os.read(read, 64)
        if not received:
            return
        came = [number for number in received if number in numbers]
        if came:
            latest = came[-1]
            deadline = min(deadline, time.monotonic() + patience)
        if _SEND_AGAIN[0] in received:
            again = time.monotonic() + _AGAIN_SECONDS
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
