"""`python -m studies.dashboard` as a process of a test's own, and requests to it."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Served:
    """A server that runs, or ran."""

    url: str
    process: subprocess.Popen[str]
    told: str = ""
    """Its first line on stdout."""
    errors: str = ""
    """All of stderr; known when it has ended."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(*arguments: object) -> Iterator[Served]:
    """Serves until the block ends, which is told by what Ctrl-C sends."""
    port = free_port()
    command = [sys.executable, "-m", "studies.dashboard", *map(str, arguments), "--port", str(port)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        served = Served(f"http://127.0.0.1:{port}", process)
        try:
            assert process.stdout is not None
            served.told = process.stdout.readline()
            yield served
        finally:
            process.send_signal(signal.SIGINT)
            try:
                _, served.errors = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
        body: bytes = answer.read()
        return body


def ask(url: str) -> Any:
    """An answer of the page's API."""
    return json.loads(fetch(url))


def refused(url: str, content: Any) -> tuple[int, Any]:
    """Posts what is not to be taken; its status and what is said."""
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(content).encode(), head)  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=30)  # noqa: S310
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
    raise AssertionError(f"{url} took it")


def wait_for(found: Any, *, seconds: float = 30.0) -> Any:
    """Calls until there is something, and gives it."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return value
