"""Optuna as its documentation shows it: one process, a report an epoch, pruned where it says so.

The objective returns the last epoch's score. All cores serve one trial at a time, as torch's threads.
"""

from collections.abc import Callable, Mapping
from typing import Final

import optuna
import torch
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from avq_core.config.values import to_dict
from avq_core.training.resident import ResidentSplits
from benchmarks.search.results import TrialRun
from benchmarks.search.training import first_cycle, load_splits, train, trial_config
from search.job import Job
from search.suggest import suggest
from search.workers.slots import available_cores

_ENDED: Final = (TrialState.COMPLETE, TrialState.PRUNED)


def search(method: str, job: Job, device: torch.device) -> list[TrialRun]:
    """Runs a whole study in memory and gives its trials.

    Args:
        method: A key of `PEERS`.
        job: As for our own search; its sampler and pruner are not used.
        device: Where to train.
    """
    torch.set_num_threads(available_cores())
    splits = load_splits(job.store, device)
    study = make_study(method, job)
    study.optimize(make_objective(job, splits), n_trials=job.trials)
    return trial_runs(study, job, splits.schema.tasks)


def make_study(method: str, job: Job) -> optuna.Study:
    """An empty study of a method, in which the space's default is queued."""
    sampler, pruner = PEERS[method](job)
    # Hyperband draws a trial's bracket from the study's name, so the name holds the seed.
    study = optuna.create_study(
        study_name=f"{method}-{job.seed}", direction="maximize", sampler=sampler, pruner=pruner
    )
    if job.space.start:
        study.enqueue_trial(dict(job.space.start))
    return study


def make_objective(job: Job, splits: ResidentSplits) -> Callable[[optuna.Trial], float]:
    """The objective that a user of Optuna would write around `fit`."""

    def objective(trial: optuna.Trial) -> float:
        values = suggest(trial, job.space)
        config = trial_config(job, values, number=trial.number, tasks=splits.schema.tasks)
        scores: list[float] = []

        def report(epoch: int, score: float) -> None:
            scores.append(score)
            trial.report(score, step=epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        if not train(config, splits, job, report=report):
            raise optuna.TrialPruned
        return scores[-1]

    return objective


def trial_runs(study: optuna.Study, job: Job, tasks: tuple[str, ...]) -> list[TrialRun]:
    """A finished study's trials; only complete ones have a score."""
    runs = []
    for trial in study.get_trials(deepcopy=False, states=_ENDED):
        assert trial.datetime_start is not None
        assert trial.datetime_complete is not None
        config = trial_config(job, trial.params, number=trial.number, tasks=tasks)
        complete = trial.state is TrialState.COMPLETE
        runs.append(
            TrialRun(
                number=trial.number,
                started=trial.datetime_start.timestamp(),
                ended=trial.datetime_complete.timestamp(),
                epochs=trial.last_step or 0,
                score=trial.value if complete else None,
                best_epoch=(trial.last_step or 0) if complete else 0,
                config=to_dict(config),
            )
        )
    return runs


def _median(job: Job) -> tuple[BaseSampler, BasePruner]:
    return TPESampler(seed=job.seed), MedianPruner(n_warmup_steps=first_cycle(job))


def _hyperband(job: Job) -> tuple[BaseSampler, BasePruner]:
    pruner = HyperbandPruner(min_resource=first_cycle(job), max_resource=job.epochs)
    return TPESampler(seed=job.seed), pruner


def _random(job: Job) -> tuple[BaseSampler, BasePruner]:
    return RandomSampler(seed=job.seed), NopPruner()


PEERS: Final[Mapping[str, Callable[[Job], tuple[BaseSampler, BasePruner]]]] = {
    "optuna-median": _median,
    "optuna-hyperband": _hyperband,
    "random": _random,
}
"""Samplers and pruners with the library's own settings; none stops a trial in its first cycle."""
