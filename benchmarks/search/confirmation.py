"""The incumbents of a search, trained again with fresh seeds on fresh folds.

Group-aware folds of train + val, as our own search confirms its candidates. Folds and seeds follow from the
benchmark's seed alone, so that the scores of two methods are paired.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict, with_values
from avq_core.data.store.folds import cut_folds, prepare_folds
from benchmarks.search.results import TrialRun
from search.confirmation.confirm import NUM_FOLDS
from search.main_job.plan import Plan
from search.seeds import Stream, derive_seed
from search.workers.pool import Result, Task, run_tasks

_KEY: Final = "trial {} fold {}"


def confirm(
    trials: Sequence[TrialRun], plan: Plan, *, root: Path
) -> Iterator[tuple[int, tuple[float | None, ...]]]:
    """Trains configurations of a search on every fold and yields each as it is done.

    Args:
        trials: Each is trained for as many epochs as gave its score.
        plan: Our own search's with the same seed.
        root: Folder of the folds' stores, which all methods of a seed share.

    Yields:
        A trial's number and the watched score on each fold's val side; `None` where the run diverged.
    """
    seed = derive_seed(plan.job.seed, Stream.BENCHMARK_FOLDS)
    folds = cut_folds(plan.store, num_folds=NUM_FOLDS, seed=seed, watched=plan.job.watch.tasks)
    stores = prepare_folds(
        plan.source,
        plan.job.data,
        of=plan.store,
        root=root,
        folds=folds,
        on_note=lambda _line: None,
    )
    tasks = [
        Task(
            key=_KEY.format(trial.number, fold),
            config=fold_config(trial, seed=plan.job.seed, fold=fold),
            store=store.path,
        )
        for trial in trials
        for fold, store in enumerate(stores)
    ]
    left = {
        trial.number: [_KEY.format(trial.number, fold) for fold in range(len(stores))]
        for trial in trials
    }
    scores: dict[str, float | None] = {}
    for key, result in run_tasks(tasks, slots=plan.slots):
        scores[key] = _score(result, plan)
        for number in [number for number, keys in left.items() if scores.keys() >= set(keys)]:
            yield number, tuple(scores[key] for key in left.pop(number))


def fold_config(trial: TrialRun, *, seed: int, fold: int) -> TrainConfig:
    """The trial's configuration with the fold's own seed."""
    fresh = derive_seed(seed, Stream.BENCHMARK_FOLD_RUN, fold)
    values = {"training.epochs": trial.best_epoch, "training.seed": fresh}
    return with_values(from_dict(trial.config), values)


def _score(result: Result, plan: Plan) -> float | None:
    watch = plan.job.watch
    score = watch.score(watch.pick(result.r2))
    return score if math.isfinite(score) else None
