"""The methods as commands, each run as a process of its own and timed from its start to its end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from benchmarks.search.results import SearchRun, TrialRun, read_trials
from search.workers.failure import WorkerFailedError
from studies.records.read import read_trial
from studies.storage.open import open_study

OURS: Final = "ours"
METHODS: Final = (OURS, "optuna-median", "optuna-hyperband", "random", "ray-asha")
_TRIALS: Final = "trials.json"
_PATIENCE_SECONDS: Final = 40
"""More than our own search takes to requeue its trials."""


def run_method(
    method: str, seed: int, arguments: Sequence[str], *, runs: Path, lock: IO[str]
) -> SearchRun:
    """Runs a method's search from its beginning.

    Args:
        method: One of `METHODS`.
        seed: Of everything random.
        arguments: Of `python -m search.run`, for data, space, trials and epochs.
        runs: Its `--runs`, which holds the prepared data.
        lock: Held by the caller; the process inherits it, so it stays locked if the caller is killed.

    Raises:
        WorkerFailedError: The process failed; the message names its log.
    """
    study = f"{method}-{seed}"
    folder = runs / study
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was interrupted
    folder.mkdir(parents=True)
    program: list[object] = ["search.run"]
    if method != OURS:
        program = ["benchmarks.search.peer", method, folder / _TRIALS]
    options = ["--study", study, "--runs", runs, "--seed", seed, "--confirm", 0]
    command = [sys.executable, "-m", *program, *arguments, *options]
    start = time.time()
    status = _wait_for([str(part) for part in command], folder / "output.log", lock)
    seconds = time.time() - start
    if status:
        raise WorkerFailedError(f"{study} ended with status {status}; see {folder / 'output.log'}")
    trial_runs = our_trials(runs, study) if method == OURS else read_trials(folder / _TRIALS)
    trials = tuple(trial.after(start) for trial in trial_runs)
    return SearchRun(method=method, seed=seed, seconds=seconds, trials=trials)


def our_trials(runs: Path, study: str) -> list[TrialRun]:
    """The trials of a study of ours, as its storage has them."""
    trials = []
    for trial in open_study(runs, study, None).get_trials(deepcopy=False):
        record = read_trial(trial)
        if trial.datetime_start is None or trial.datetime_complete is None or not record.config:
            continue
        complete = record.state == "complete"
        trials.append(
            TrialRun(
                number=record.number,
                started=trial.datetime_start.timestamp(),
                ended=trial.datetime_complete.timestamp(),
                epochs=record.epochs,
                score=record.score if complete else None,
                best_epoch=(record.best_epoch or 0) if complete else 0,
                config=record.config,
                baseline=record.baseline,
            )
        )
    return trials


def _wait_for(command: Sequence[str], log: Path, lock: IO[str]) -> int:
    """Runs a command to its end; stops it if this process is stopped."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock.fileno(),),
            start_new_session=True,  # this process passes Ctrl-C on
        )
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            raise
