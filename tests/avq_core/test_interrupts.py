"""Ctrl-C and SIGTERM in the hard places: imports, destructors, code that does not come back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avq_core.cli import run_command
from avq_core.interrupts import interruptible

HEADER = """
import signal, sys, threading, time
from avq_core import cli
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
cli.interruptible = lambda: interruptible(patience=0.5)

def main(argv):
    told("at it")
    while True:
        try:
            time.sleep(10)
        except KeyboardInterrupt:
            pass
"""
IN_A_LOCK = """
cli.interruptible = lambda: interruptible(patience=0.5)

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
cli.leave(cli.run_command(main))
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
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
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
