"""Ctrl-C and SIGTERM in the hard places: imports, destructors, code that does not come back."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from avq_core.errors import AvqError
from avq_core.interrupts import held_interrupts, interruptible
from avq_core.run_command import run_command

HEADER = """
import signal, sys, threading, time
from avq_core import run_command as ending
from avq_core.interrupts import interruptible

def told(word):
    print(word, flush=True)
"""
IN_AN_IMPORT = """
def main(argv):
    import slow
    time.sleep(30)
"""
IN_A_DESTRUCTOR = """
class Last:
    def __del__(self):
        told("at it")
        time.sleep(0.5)

def main(argv):
    last = Last()
    del last
    for _ in range(1000):
        time.sleep(0.01)
    told("never said")
"""
SWALLOWED = """
ending.interruptible = lambda: interruptible(patience=0.5)

def main(argv):
    told("at it")
    while True:
        try:
            time.sleep(10)
        except KeyboardInterrupt:
            pass
"""
IN_A_LOCK = """
ending.interruptible = lambda: interruptible(patience=0.5)

def main(argv):
    import multiprocessing
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    told(child.pid)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    child.join()
"""
AS_ANOTHER_ERROR = """
def main(argv):
    told("at it")
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        raise ImportError("numpy did not load")
"""
AT_THE_END = """
import atexit
atexit.register(lambda: (told("at it"), time.sleep(30)))

def main(argv):
    return 0
"""
FOOTER = """
ending.leave(ending.run_command(main))
"""


def interrupted(folder: Path, script: str, number: signal.Signals) -> tuple[int, str, str, float]:
    """Status, both outputs, and the seconds from the signal, sent at the first line, to the end."""
    (folder / "lib").mkdir()
    (folder / "lib" / "slow.py").write_text(
        "import time\nprint('at it', flush=True)\ntime.sleep(0.5)\n"
    )
    (folder / "script.py").write_text(
        "from avq_search.start import begin\nbegin()\n" + HEADER + script + FOOTER
    )
    process = subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{Path.cwd()}:{folder / 'lib'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    start = time.monotonic()
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    return process.returncode, first + out, errors, time.monotonic() - start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "script",
    [IN_AN_IMPORT, IN_A_DESTRUCTOR, SWALLOWED, AS_ANOTHER_ERROR, AT_THE_END],
    ids=["import", "destructor", "swallowed", "another error", "at the end"],
)
def test_a_command_ends_with_130_wherever_it_is(
    tmp_path: Path, script: str, number: signal.Signals
) -> None:
    """One word on stderr, no traceback, nothing goes on."""
    status, out, errors, seconds = interrupted(tmp_path, script, number)
    assert (status, errors) == (130, "interrupted\n")
    assert out == "at it\n"
    assert seconds < 10


def test_what_never_comes_back_is_ended_with_its_processes(tmp_path: Path) -> None:
    """The main thread sees no signal here; the process that it waits for would hold the output open."""
    status, _, errors, seconds = interrupted(tmp_path, IN_A_LOCK, signal.SIGINT)
    assert (status, errors) == (130, "interrupted\n")
    assert seconds < 10


def test_handlers_are_put_back() -> None:
    """A program that calls a command in its own process keeps its own."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers], sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupts:
        signal.raise_signal(signal.SIGTERM)
    assert interrupts.came
    assert ([signal.getsignal(number) for number in numbers], sys.unraisablehook) == before


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    """As in a shell's background jobs."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible() as interrupts:
            signal.raise_signal(signal.SIGINT)
        assert not interrupts.came
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_in_another_thread_takes_no_signals() -> None:
    """Only the main thread may handle them."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run_command, lambda _: 3, []).result() == 3


def test_a_callers_alarm_goes_on(own_handlers: None) -> None:
    """A time limit of pytest-timeout, say: it rings in the command, and after it."""
    rung = []
    signal.signal(signal.SIGALRM, lambda *_: rung.append(interrupts.came))
    signal.setitimer(signal.ITIMER_REAL, 60)
    with interruptible() as interrupts:
        signal.raise_signal(signal.SIGALRM)
    assert rung == [False]
    assert 50 < signal.setitimer(signal.ITIMER_REAL, 0)[0] <= 60


@pytest.fixture
def own_handlers() -> Iterator[None]:
    """Puts back the handlers of signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_held_until_the_caller_takes_it(
    number: signal.Signals, own_handlers: None
) -> None:
    """While a library reads, it could be lost in its clean-up; a second one does not wait."""
    signal.signal(number, signal.default_int_handler)
    reached = []

    def interrupted(*, lets_in: bool) -> None:
        with held_interrupts() as raise_held:
            raise_held()
            signal.raise_signal(number)
            reached.append("the end of what was going on")
            if lets_in:
                raise_held()
            signal.raise_signal(number)
            reached.append("more")

    for lets_in in (True, False):
        with pytest.raises(KeyboardInterrupt):
            interrupted(lets_in=lets_in)
        assert signal.getsignal(number) is signal.default_int_handler
    assert reached == ["the end of what was going on"] * 2


def test_an_interrupt_at_the_last_moment_is_not_lost() -> None:
    """Nothing is left to be let in between, and the command still has its confirmation before it."""
    with pytest.raises(KeyboardInterrupt), held_interrupts():
        signal.raise_signal(signal.SIGINT)


def test_an_ignored_ctrl_c_is_not_held(own_handlers: None) -> None:
    """As Ctrl-C is in a shell's background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held_interrupts() as raise_held:
        signal.raise_signal(signal.SIGINT)
        raise_held()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize("error", [AvqError("the database is locked"), OSError("no server")])
def test_an_error_after_a_held_interrupt_ends_with_130(
    error: Exception, capsys: pytest.CaptureFixture[str], own_handlers: None
) -> None:
    """What is told and requeued on the way out may fail; the command was interrupted all the same."""

    def main(_: Sequence[str]) -> int:
        with held_interrupts():
            signal.raise_signal(signal.SIGINT)
            raise error

    assert run_command(main, []) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")


def test_a_held_interrupt_does_not_undo_what_is_done(own_handlers: None) -> None:
    """All results may be there by then."""

    def main(_: Sequence[str]) -> int:
        with contextlib.suppress(KeyboardInterrupt), held_interrupts():
            signal.raise_signal(signal.SIGINT)
        return 0

    assert run_command(main, []) == 0
