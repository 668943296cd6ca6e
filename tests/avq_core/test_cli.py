"""How a command ends."""

import subprocess
import sys

import pytest


def run(script: str) -> "subprocess.CompletedProcess[str]":
    """The script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.slow
def test_a_thread_that_is_at_work_does_not_bring_a_command_down() -> None:
    """Simple baselines are being fitted when Ctrl-C comes: libraries clean up, the status is told."""
    ended = run(
        """
import atexit
import threading
import torch
from avq_core.cli import leave

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


def test_without_one_the_interpreter_ends_as_ever() -> None:
    """All of its own end is gone through."""
    ended = run(
        """
from avq_core.cli import leave

class Told:
    def __del__(self):
        print("torn down")

told = Told()
leave(3)
"""
    )
    assert (ended.returncode, ended.stdout) == (3, "torn down\n")
