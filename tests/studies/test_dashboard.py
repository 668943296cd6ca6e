"""`studies.dashboard`: serves a study on this machine until Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import optuna
import pytest
from commands import assert_one_line, run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str, *, patience: float = 30.0) -> Any:
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
                return json.load(answer)
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def test_serves_the_study_and_ends_at_ctrl_c(study: optuna.Study, runs: Path) -> None:
    """The study is listed; exit status 130, no traceback."""
    port = free_port()
    command = [sys.executable, "-m", "studies.dashboard", "tiny", "--runs", str(runs)]
    with subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            found = fetch(f"http://127.0.0.1:{port}/api/studies")
            assert [entry["study_name"] for entry in found["study_summaries"]] == ["tiny"]
            assert server.stdout is not None
            assert f"http://127.0.0.1:{port}" in server.stdout.readline()
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=30)
    assert server.returncode == 130
    assert "Traceback" not in errors


def test_a_port_in_use_is_one_line(study: optuna.Study, runs: Path) -> None:
    """Another server's port is told as such."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("studies.dashboard", "tiny", "--runs", runs, "--port", port)
    assert_one_line(done, f"port {port}", "--port")


@pytest.mark.parametrize("port", [0, 70_000])
def test_a_port_that_is_none_is_one_line(runs: Path, port: int) -> None:
    """Checked before anything is opened."""
    assert_one_line(run("studies.dashboard", "x", "--port", port), f"--port is {port}")
