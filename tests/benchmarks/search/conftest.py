"""What the benchmark's tests share: trials and runs made by hand, a tiny job."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from avq_core.config.data import DataConfig
from benchmarks.search.results import SearchRun, TrialRun
from search.job import Job
from space.parameters import Categorical, Float, Int
from space.space import Space
from studies.score import Watch

TINY = Space(
    name="tiny",
    epochs=3,
    fixed={"model.num_layers": 1, "optim.cycle_epochs": 1, "training.precision": "fp32"},
    parameters={
        "model.hidden_dim": Int(low=8, high=16, step=8, reason="tiny"),
        "model.num_heads": Categorical(choices=(1, 2), reason="divides both widths"),
        "model.max_lag": Categorical(choices=(0, 2), reason="without and with"),
        "model.lag_channels": Int(low=1, high=2, reason="few", when={"model.max_lag": (2,)}),
        "optim.lr": Float(low=1e-3, high=1e-1, log=True, reason="tiny networks"),
    },
    start={
        "model.hidden_dim": 8,
        "model.num_heads": 2,
        "model.max_lag": 2,
        "model.lag_channels": 2,
        "optim.lr": 1e-2,
    },
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Four trials of three epochs over a space with a condition and a start."""
    return Job(
        study="tiny",
        url="",
        store=tmp_path / "store",
        data=DataConfig(),
        space=TINY,
        watch=Watch(),
        epochs=3,
        baseline_epochs=3,
        trials=4,
        sampler="tpe",
        pruner="cycle",
        audit_share=0.0,
        stop="never",
        seed=0,
        deadline=None,
        logs=tmp_path / "logs",
    )


@pytest.fixture
def make_trial() -> Callable[..., TrialRun]:
    """A trial from 0 to 10 s of 4 epochs; settings by name."""

    def make(**settings: object) -> TrialRun:
        base = {"number": 0, "started": 0.0, "ended": 10.0, "epochs": 4, "score": 0.5}
        return TrialRun(**({"best_epoch": 4, "config": {}} | base | settings))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_run(make_trial: Callable[..., TrialRun]) -> Callable[..., SearchRun]:
    """A run whose trials follow each other in 10 s and 4 epochs each, of the scores given."""

    def make(
        *scores: float | None,
        method: str = "ours",
        seed: int = 0,
        confirmed: Mapping[int, tuple[float | None, ...]] | None = None,
    ) -> SearchRun:
        """Without `confirmed`, every trial is confirmed at its score."""
        trials = tuple(
            make_trial(number=i, started=10.0 * i, ended=10.0 * (i + 1), score=score)
            for i, score in enumerate(scores)
        )
        as_searched = {i: (score,) for i, score in enumerate(scores) if score is not None}
        return SearchRun(
            method=method,
            seed=seed,
            seconds=10.0 * len(scores),
            trials=trials,
            confirmed=as_searched if confirmed is None else confirmed,
        )

    return make
