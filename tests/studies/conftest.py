"""A small finished study in a runs folder, as the search leaves one."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from storages import filled_study

from avq_core.config.presets import manual
from avq_core.config.values import to_dict, with_values
from studies import records
from studies.identity import Identity

TASKS = ("lip_sync", "cross_modal", "overall")
NAME = "tiny"


def make_trial(
    state: TrialState, *, score: float | None = None, epochs: int = 6, baseline: bool = False
) -> FrozenTrial:
    """A trial of 14 planned epochs whose figures rise to the score."""
    lr = 1e-3 if score is None else 1e-3 * (1 + abs(score))
    config = with_values(manual(TASKS), {"optim.lr": lr, "training.epochs": 14})
    attributes: dict[str, Any] = {
        records.CONFIG: to_dict(config),
        records.PLANNED: 14,
        records.WORKER: "host:1 on cpu",
        records.REASON: f"{state.name.lower()} <here> & there",
    }
    if baseline:
        attributes[records.BASELINE] = True
    if score is not None:
        # One task's figure is not defined: NaN, which a storage holds as null.
        r2 = {"lip_sync": None, "cross_modal": score + 0.05, "overall": score - 0.05}
        attributes[records.HISTORY] = [
            {
                "epoch": epoch,
                "train_loss": 1.0 / epoch,
                "lr": 1e-3,
                "r2": {t: None if v is None else v * epoch / epochs for t, v in r2.items()},
                "judged": epoch in {2, 6, 14},
                "seconds": 0.5,
            }
            for epoch in range(1, epochs + 1)
        ]
        attributes[records.FIGURES] = {
            "epoch": epochs,
            "score": score,
            "r2": r2,
            "num_labels": {"lip_sync": 1, "cross_modal": 20, "overall": 21},
        }
    ended = state in {TrialState.COMPLETE, TrialState.PRUNED}
    return create_trial(
        state=state,
        value=score if state == TrialState.COMPLETE else None,
        params={"optim.lr": lr, "model.num_layers": 2},
        distributions={
            "optim.lr": FloatDistribution(1e-5, 1e-1, log=True),
            "model.num_layers": IntDistribution(1, 3),
        },
        intermediate_values={epochs: score} if ended and score is not None else None,
        user_attrs=attributes,
    )


def describe(study: optuna.Study) -> None:
    """What the search notes on its study."""
    study.set_user_attr(records.TASKS, list(TASKS))
    study.set_user_attr(records.WATCH, ["cross_modal", "overall"])
    study.set_user_attr(records.SPACE, {"name": "small"})
    study.set_user_attr(records.DATA_SOURCE, "demo")
    ridge = {"lip_sync": None, "cross_modal": 0.61, "overall": 0.63}
    study.set_user_attr(records.SIMPLE, {"ridge": ridge})
    identity = Identity(data="d" * 32, space="s" * 64, settings={"epochs": 14})
    study.set_user_attr(records.IDENTITY, identity.to_dict())


def confirm(study: optuna.Study) -> None:
    """A confirmation that prefers trial 2 to trial 1, which had the highest score."""

    def interval(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.1, "high": value + 0.1}

    def row(trial: int, score: float) -> dict[str, Any]:
        return {
            "trial": trial,
            "baseline": trial == 0,
            "score_mean": score,
            "score_std": 0.02,
            "r2_mean": {"lip_sync": None, "cross_modal": score, "overall": score},
        }

    def final(trial: int, score: float) -> dict[str, Any]:
        config = with_values(manual(TASKS), {"training.epochs": 14, "training.seed": 77})
        nothing = {"value": None, "low": None, "high": None}
        r2 = {"lip_sync": nothing, "cross_modal": interval(score), "overall": interval(score)}
        return {"trial": trial, "r2": r2, "config": to_dict(config)}

    summary = {
        "folds": 3,
        "runs": {},
        "candidates": [row(0, 0.10), row(1, 0.28), row(2, 0.33)],
        "test_openings": 1,
        "test": {
            "baseline": final(0, 0.11),
            "chosen": final(2, 0.31),
            "difference": {"cross_modal": interval(0.2), "overall": interval(0.2)},
            "simple": {"ridge": final(0, 0.52)["r2"]},
            "simple_best": "ridge",
            "difference_to_simple": {"cross_modal": interval(-0.21), "overall": interval(0.01)},
            "ensemble": {"members": [final(2, 0.31), final(1, 0.30)], "r2": final(2, 0.37)["r2"]},
            "num_labels": {"lip_sync": 1, "cross_modal": 30, "overall": 31},
        },
    }
    study.set_user_attr(records.CONFIRMATION, summary)
    study.set_user_attr(records.CHOSEN, 2)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A runs folder, empty so far."""
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def make_study() -> Callable[[Path], optuna.Study]:
    """Makes the study `study` in a runs folder, for fixtures that serve a whole module."""
    return lambda runs: filled_study(runs, NAME, fill)


@pytest.fixture
def study(runs: Path) -> optuna.Study:
    """Baseline 0 (0.1), 1 (0.5), 2 (0.4) complete; 3 pruned; 4 failed; 5 running; 6 waiting."""
    return filled_study(runs, NAME, fill)


def fill(study: optuna.Study) -> None:
    """Adds what the fixture `study` lists."""
    describe(study)
    study.add_trial(make_trial(TrialState.COMPLETE, score=0.1, epochs=14, baseline=True))
    study.add_trial(make_trial(TrialState.COMPLETE, score=0.5, epochs=14))
    study.add_trial(make_trial(TrialState.COMPLETE, score=0.4, epochs=14))
    study.add_trial(make_trial(TrialState.PRUNED, score=-0.2, epochs=6))
    study.add_trial(make_trial(TrialState.FAIL, epochs=1))
    study.add_trial(make_trial(TrialState.RUNNING, score=0.2, epochs=2))
    study.enqueue_trial({"optim.lr": 0.01, "model.num_layers": 1})
    assert all(math.isfinite(trial.value or 0.0) for trial in study.trials)


@pytest.fixture
def confirmed(runs: Path) -> optuna.Study:
    """The same, confirmed: trial 2 was chosen."""
    return filled_study(runs, NAME, fill_and_confirm)


def fill_and_confirm(study: optuna.Study) -> None:
    """Adds what the fixture `study` lists, and a confirmation."""
    fill(study)
    confirm(study)


@pytest.fixture
def empty(runs: Path) -> optuna.Study:
    """A study that has just been started."""
    return filled_study(runs, "empty", describe)
