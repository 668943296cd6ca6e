"""The best configuration of a search, trained again where luck starts anew.

Fresh seeds on group-aware folds of train + val, as our own search confirms its candidates. Cut and seeds
follow from the benchmark's seed alone, so that the figures of two methods are paired.
"""

import math
from pathlib import Path
from typing import Final

from avq_core.config import TrainConfig
from avq_core.config_values import from_dict, with_values
from avq_core.data.folds import prepare_folds
from benchmarks.search.results import TrialRun
from search.configure import derive_seed
from search.confirm import NUM_FOLDS
from search.launch.pool import Result, Task, run_tasks
from search.plan import Plan
from search.score import with_nan

_FOLD_SEEDS, _FOLD_CUT = 2_000_003, 2_000_029
"""Keep these seeds apart from those of a study's trials and of its own confirmation."""
_KEY: Final = "fold {}"


def confirm(best: TrialRun, plan: Plan, *, root: Path) -> tuple[float | None, ...]:
    """Trains a search's best configuration on every fold.

    Args:
        best: Trained for as many epochs as gave its score.
        plan: Of our own search with the same seed.
        root: Folder of the folds' stores; those of an earlier method are found there.

    Returns:
        The watched score on each fold's val side; `None` where the run diverged.
    """
    stores = prepare_folds(
        plan.source,
        plan.job.data,
        of=plan.store,
        root=root,
        num_folds=NUM_FOLDS,
        seed=derive_seed(plan.job.seed, _FOLD_CUT),
        on_note=lambda _line: None,
    )
    tasks = [
        Task(
            key=_KEY.format(fold),
            config=fold_config(best, seed=plan.job.seed, fold=fold),
            store=store.path,
        )
        for fold, store in enumerate(stores)
    ]
    results = dict(run_tasks(tasks, slots=plan.slots))
    return tuple(_score(results[task.key], plan) for task in tasks)


def fold_config(best: TrialRun, *, seed: int, fold: int) -> TrainConfig:
    """What is trained on a fold: the trial's configuration with the fold's own seed."""
    fresh = derive_seed(seed, _FOLD_SEEDS, fold)
    values = {"training.epochs": best.best_epoch, "training.seed": fresh}
    return with_values(from_dict(best.config), values)


def _score(result: Result, plan: Plan) -> float | None:
    watch = plan.job.watch
    score = watch.score(watch.figures(with_nan(result.r2)))
    return score if math.isfinite(score) else None
