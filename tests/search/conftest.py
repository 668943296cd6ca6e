"""What the search's tests share: a tiny space, a tiny study, an objective over tiny splits."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from storages import new_storage

from avq_core.config.data import DataConfig
from avq_core.training.resident import ResidentSplits
from search.job import Job
from search.objective import Objective
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from search.queue.retry import requeue
from space.parameters import Categorical, Float, Int
from space.space import Space
from studies.score import Watch
from studies.storage.open import open_storage

TINY = Space(
    name="tiny",
    parameters={
        "model.hidden_dim": Int(low=8, high=16, step=8, reason="tiny"),
        "model.num_heads": Categorical(choices=(1, 2), reason="divides both widths"),
        "optim.lr": Float(low=1e-3, high=1e-1, log=True, reason="tiny networks"),
        "training.task_weights.overall": Float(low=0.5, high=2.0, log=True, reason="a factor of 2"),
    },
    # fp32: `auto` may choose bf16 by the machine, and then other trials are behind.
    fixed={"model.num_layers": 1, "optim.cycle_epochs": 1, "training.precision": "fp32"},
    epochs=3,
)


@pytest.fixture
def space() -> Space:
    """Four parameters, cycles that end at epochs 1 and 3."""
    return TINY


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """The URL of a fresh SQLite storage."""
    return new_storage(tmp_path, "tiny")


@pytest.fixture
def study(storage: str) -> optuna.Study:
    """An empty study in it, with the pruner that the search uses."""
    return optuna.create_study(
        study_name="tiny",
        storage=open_storage(storage, stale_callback=requeue),
        direction="maximize",
        pruner=CycleEndPruner(PruningRule(min_peers=2, min_kept=1), Watch()),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )


@pytest.fixture
def job(storage: str, tmp_path: Path) -> Job:
    """One trial of three epochs over the tiny space; there is no store."""
    return Job(
        study="tiny",
        url=storage,
        store=tmp_path / "store",
        data=DataConfig(),
        space=TINY,
        watch=Watch(),
        epochs=3,
        baseline_epochs=3,
        trials=1,
        sampler="random",
        pruner="cycle",
        audit_share=0.0,
        stop="never",
        seed=0,
        deadline=None,
        logs=tmp_path / "logs",
    )


@pytest.fixture
def make_objective(splits: ResidentSplits, job: Job) -> Callable[..., Objective]:
    """An objective over the tiny splits; its own settings and the job's by name."""
    of_job = {field.name for field in dataclasses.fields(Job)}

    def make(**settings: object) -> Objective:
        changed = {name: value for name, value in settings.items() if name in of_job}
        own = {name: value for name, value in settings.items() if name not in of_job}
        base = {"splits": splits, "worker": "test", "on_step": lambda: None}
        replaced = dataclasses.replace(job, **changed)  # type: ignore[arg-type]
        return Objective(job=replaced, **(base | own))  # type: ignore[arg-type]

    return make
