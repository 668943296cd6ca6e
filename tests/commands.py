"""Commands, in this process and in ones of their own, and a tiny file to run them on."""

import io
import logging
import multiprocessing
import os
import pickle
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np
import optuna
import torch

from avq_core.run_command import exit_status
from avq_search.start import OurPackages

TASKS = ("lip_sync", "cross_modal", "overall")
SMALL_SPACE = """\
epochs: 3
fixed: {model.num_layers: 1, model.embedder_scale: 0.125, optim.cycle_epochs: 1}
parameters:
  model.hidden_dim: {type: int, low: 8, high: 16, step: 8, reason: tiny}
  model.num_heads: {type: categorical, choices: [1, 2], reason: divides both}
  optim.lr: {type: float, low: 1e-3, high: 3e-2, log: true, reason: tiny networks}
"""
_GET_CONTEXT = multiprocessing.get_context
_LIBRARIES = (
    "torch",
    "torch._dynamo",
    "optuna.storages",
    "optuna.samplers",
    "sqlalchemy.dialects.sqlite",
)


def run(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs `python -m module` in this process, which has loaded PyTorch and Optuna already.

    The command reads its options and ends as it does in a process of its own; what it changes for the whole
    process is put back. A bug propagates. Workers that the command starts are forked from a server that
    has loaded the libraries too, since loading them takes two seconds a worker.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    argv = [module, *map(str, arguments)]
    with _process_as_it_was(), redirect_stdout(out), redirect_stderr(err):
        sys.argv = argv
        status = _status_of(module)
    output, errors = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(argv, status, output, errors)


def run_process(
    module: str, *arguments: object, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m module` as a user would, and gives what it printed and its exit status."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def _status_of(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return exit_status(end)
    return 0


def _ready_processes(method: str | None = None) -> multiprocessing.context.BaseContext:
    if method != "spawn":
        return _GET_CONTEXT(method)
    context = _GET_CONTEXT("forkserver")
    context.set_forkserver_preload(["search.workers.worker", "search.workers.pool", *_LIBRARIES])
    return context


@contextmanager
def _process_as_it_was() -> Iterator[None]:
    """Puts back what a command sets for the whole of its process."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.getsignal(number) for number in numbers]
    argv, environment, path = sys.argv, dict(os.environ), [*sys.path]
    has_finder = OurPackages in sys.meta_path
    threads, verbosity = torch.get_num_threads(), optuna.logging.get_verbosity()
    filters = [] if logging.lastResort is None else [*logging.lastResort.filters]
    try:
        with (
            warnings.catch_warnings(),
            mock.patch("avq_core.run_command.leave", sys.exit),
            mock.patch("multiprocessing.get_context", _ready_processes),
        ):
            # A test may have imported the module that is to be the command.
            warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)
            yield
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
        sys.argv, sys.path[:] = argv, path
        # Finders of libraries that the command has loaded stay.
        if not has_finder and OurPackages in sys.meta_path:
            sys.meta_path.remove(OurPackages)
        os.environ.clear()
        os.environ.update(environment)
        torch.set_num_threads(threads)
        optuna.logging.set_verbosity(verbosity)
        if logging.lastResort is not None:
            logging.lastResort.filters[:] = filters


def assert_one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """A user's mistake: exit 2, one line of error that holds the parts, no traceback."""
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().endswith(errors[0])
    for part in parts:
        assert part in errors[0]


def make_samples(num: int, seed: int) -> list[dict[str, object]]:
    """Samples of two temporal streams and a clip-level one, whose labels follow the features."""
    rng = np.random.default_rng(seed)
    samples: list[dict[str, object]] = []
    for i in range(num):
        audio = rng.standard_normal((5, 4)).astype(np.float32) + rng.standard_normal()
        visual = rng.standard_normal((5, 3)).astype(np.float32)
        sync = rng.standard_normal(2).astype(np.float32)
        visual[0, 0] = np.nan
        level = float(np.tanh(audio.mean()) * 0.6 + 0.1)
        values = {"lip_sync": float(np.tanh(sync[0])) * 0.5, "cross_modal": level, "overall": level}
        labels = {f"{task}_score": value for task, value in values.items()}
        labels[f"{TASKS[i % 3]}_score"] = -1.0 if i % 4 == 0 else labels[f"{TASKS[i % 3]}_score"]
        features = {"audio": audio, "visual": visual, "sync": sync}
        samples.append({"features": features, "labels": labels, "group": f"s{seed}-{i // 2}"})
    return samples


def write_tiny(folder: Path) -> Path:
    """A file of 40 + 16 + 16 clips."""
    data = {name: make_samples(n, k) for k, (name, n) in enumerate(SIZES.items())}
    path = folder / "tiny.pkl"
    path.write_bytes(pickle.dumps(data))
    return path


def write_space(folder: Path) -> Path:
    """A space of three parameters over tiny networks."""
    path = folder / "tiny_space.yaml"
    path.write_text(SMALL_SPACE)
    return path


SIZES = {"train": 40, "val": 16, "test": 16}
