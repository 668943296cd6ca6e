"""How a command ends."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

from avq_core.run_command import run_command


def run(script: str) -> "subprocess.CompletedProcess[str]":
    """The script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.slow
def test_a_thread_that_is_at_work_does_not_bring_a_command_down() -> None:
    """Simple models are being fitted when Ctrl-C comes: libraries clean up, the status is told."""
    ended = run(
        """
import atexit
import threading
import torch
from avq_core.run_command import leave

begun = threading.Event()

def work():
    square = torch.ones(500, 500, requires_grad=True)
    while True:
        (square @ square).sum().backward()
        begun.set()

threading.Thread(target=work, daemon=True).start()
begun.wait()
atexit.register(print, "cleaned up", end="")
print("said")
leave(130)
"""
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "said\ncleaned up", "")


def test_a_command_ends_when_its_threads_and_exit_functions_have() -> None:
    """And what was printed without a newline arrives."""
    ended = run(
        """
import atexit
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from avq_core.run_command import leave

def work():
    time.sleep(0.2)
    sys.stdout.write("worked\\n")  # in one piece, beside the other thread

threading.Thread(target=work).start()
idle = ThreadPoolExecutor(1)
idle.submit(work).result()
atexit.register(print, "cleaned up", end="")
leave(3)
"""
    )
    assert (ended.returncode, ended.stdout) == (3, "worked\nworked\ncleaned up")


@pytest.mark.parametrize(
    ("code", "status", "errors"),
    [
        (None, 0, ""),
        (0, 0, ""),
        (3, 3, ""),
        ("no such kernel", 1, "no such kernel\n"),
        ("", 1, "\n"),
        ((1, 2), 1, "(1, 2)\n"),
    ],
)
def test_a_library_may_end_a_command_as_python_allows(
    code: object, status: int, errors: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sys.exit` takes a number, nothing, or whatever is to be printed."""

    def main(_: Sequence[str]) -> int:
        raise SystemExit(code)

    assert run_command(main, []) == status
    assert capsys.readouterr() == ("", errors)
