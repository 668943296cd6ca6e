"""Ray Tune as its documentation shows it: OptunaSearch, ASHA, a trial on every core at once.

A trial's score is its last report, of stopped trials too, as in Tune's own `get_best_result`. Only `search`
imports Ray, so the rest can be tested without it.
"""

import functools
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import optuna
import torch

from avq_core.config.values import to_dict
from avq_core.data.store.store import open_store
from avq_core.training.resident import ResidentSplits
from benchmarks.search.results import TrialRun
from benchmarks.search.training import first_cycle, load_splits, train, trial_config
from search.job import Job
from search.suggest import suggest
from search.workers.slots import available_cores
from space.space import Space

_NUMBER: Final = "trial_number"
_ENVIRONMENT: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # otherwise it sends usage statistics
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # writing TensorBoard files and the like takes time
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "RAY_AUTH_MODE": "token",
}
_OBJECT_STORE_BYTES: Final = 100_000_000
"""Small, since the data is read from the prepared store and not through Ray's memory."""


def search(job: Job) -> list[TrialRun]:
    """Runs a whole experiment on a cluster of this machine's cores and gives its trials."""
    # A fresh token: otherwise Ray stores one in the home folder.
    os.environ.update(_ENVIRONMENT, RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray

    # Ray's sockets lie in its session's folder, and their paths must be short.
    with tempfile.TemporaryDirectory(prefix="ray-") as session:
        ray.init(
            address="local",
            num_cpus=available_cores(),
            num_gpus=0,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _temp_dir=session,
            _node_ip_address="127.0.0.1",
        )
        try:
            reports = _tune(job)
        finally:
            ray.shutdown()
    tasks = open_store(job.store).schema.tasks
    return [trial_run(job, config, metrics, tasks=tasks) for config, metrics in reports]


def _tune(job: Job) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The values and the last report of every trial that reported."""
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    cores = available_cores()
    algorithm = OptunaSearch(
        space=functools.partial(define, space=job.space),
        metric="score",
        mode="max",
        seed=job.seed,
        points_to_evaluate=[dict(job.space.start)] if job.space.start else None,
    )
    trainable = tune.with_parameters(train_trial, job=job, report=tune.report)
    with tempfile.TemporaryDirectory(dir=job.logs.parent.absolute(), prefix="ray-") as storage:
        results = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            tune_config=tune.TuneConfig(
                metric="score",
                mode="max",
                search_alg=algorithm,
                scheduler=ASHAScheduler(max_t=job.epochs, grace_period=first_cycle(job)),
                num_samples=job.trials,
                max_concurrent_trials=cores,
                # Otherwise every trial starts a process, which takes as long as a short trial.
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=storage, verbose=0),
        ).fit()
    for error in results.errors:
        raise error
    return [(dict(r.config), r.metrics) for r in results if r.metrics and "score" in r.metrics]


def define(trial: optuna.Trial, *, space: Space) -> dict[str, Any]:
    """A define-by-run space: ours, conditions included, and the trial's number for its seed."""
    return {**suggest(trial, space), _NUMBER: trial.number}


def train_trial(
    config: Mapping[str, Any], *, job: Job, report: Callable[[dict[str, Any]], None]
) -> None:
    """Trains one trial in a process of Ray's; reports each epoch's score and when it ended."""
    torch.set_num_threads(1)
    started = time.time()
    splits = _splits(job.store)
    values = {name: value for name, value in config.items() if name != _NUMBER}
    full = trial_config(job, values, number=config[_NUMBER], tasks=splits.schema.tasks)
    train(
        full,
        splits,
        job,
        report=lambda epoch, score: report(
            {"score": score, "epoch": epoch, "started": started, "ended": time.time()}
        ),
    )


@functools.cache
def _splits(store: Path) -> ResidentSplits:
    """Opened once a process, however many trials it runs."""
    return load_splits(store, torch.device("cpu"))


def trial_run(
    job: Job, config: Mapping[str, Any], metrics: Mapping[str, Any], *, tasks: tuple[str, ...]
) -> TrialRun:
    """A trial from its values and its last report."""
    values = {name: value for name, value in config.items() if name != _NUMBER}
    full = trial_config(job, values, number=config[_NUMBER], tasks=tasks)
    return TrialRun(
        number=config[_NUMBER],
        started=metrics["started"],
        ended=metrics["ended"],
        epochs=metrics["epoch"],
        score=metrics["score"],
        best_epoch=metrics["epoch"],
        config=to_dict(full),
    )
