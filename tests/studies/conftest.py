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
from studies.identity import Identity
from studies.records import attributes
from studies.records.codec import PlainConfig
from studies.records.confirmation import CandidateResult, Confirmation
from studies.records.held_out import (
    Ensemble,
    EnsembleMember,
    TestedConfiguration,
    TestResult,
)
from studies.records.intervals import IntervalValue, PairedDifference

TASKS = ("lip_sync", "cross_modal", "overall")
NAME = "tiny"


def make_trial(
    state: TrialState, *, score: float | None = None, epochs: int = 6, baseline: bool = False
) -> FrozenTrial:
    """A trial of 14 planned epochs whose metrics rise to the score."""
    lr = 1e-3 if score is None else 1e-3 * (1 + abs(score))
    config = with_values(manual(TASKS), {"optim.lr": lr, "training.epochs": 14})
    noted: dict[str, Any] = {
        attributes.CONFIG: to_dict(config),
        attributes.PLANNED: 14,
        attributes.WORKER: "host:1 on cpu",
        attributes.REASON: f"{state.name.lower()} <here> & there",
    }
    if baseline:
        noted[attributes.BASELINE] = True
    if score is not None:
        # One task's R² is not defined: NaN, which a storage holds as null.
        r2 = {"lip_sync": None, "cross_modal": score + 0.05, "overall": score - 0.05}
        noted[attributes.HISTORY] = [
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
        noted[attributes.METRICS] = {
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
        user_attrs=noted,
    )


def describe(study: optuna.Study) -> None:
    """What the search notes on its study."""
    study.set_user_attr(attributes.TASKS, list(TASKS))
    study.set_user_attr(attributes.WATCH, ["cross_modal", "overall"])
    study.set_user_attr(attributes.SPACE, {"name": "small"})
    study.set_user_attr(attributes.DATA_SOURCE, "demo")
    ridge = {"lip_sync": None, "cross_modal": 0.61, "overall": 0.63}
    study.set_user_attr(attributes.SIMPLE_MODELS, {"ridge": ridge})
    identity = Identity(data="d" * 32, space="s" * 64, settings={"epochs": 14})
    study.set_user_attr(attributes.IDENTITY, identity.to_dict())


def confirm(study: optuna.Study) -> None:
    """A confirmation that prefers trial 2 to trial 1, which had the highest score."""
    study.set_user_attr(attributes.CONFIRMATION, confirmation().encode())


def confirmation() -> Confirmation:
    """Three candidates, of which trial 2 was chosen and tested."""
    return Confirmation(
        folds=3,
        runs={},
        chosen=2,
        candidates=(_candidate(0, 0.10), _candidate(1, 0.28), _candidate(2, 0.33)),
        test_openings=1,
        test=TestResult(
            baseline=_tested(0, 0.11),
            chosen=_tested(2, 0.31),
            difference={"cross_modal": _difference(0.2), "overall": _difference(0.2)},
            simple={"ridge": _by_task(0.52)},
            simple_best="ridge",
            difference_to_simple={"cross_modal": _difference(-0.21), "overall": _difference(0.01)},
            ensemble=Ensemble(
                members=tuple(EnsembleMember(trial=n, config=_config()) for n in (2, 1)),
                r2=_by_task(0.37),
            ),
            num_labels={"lip_sync": 1, "cross_modal": 30, "overall": 31},
        ),
    )


def _interval(value: float) -> IntervalValue:
    return IntervalValue(value=value, low=value - 0.1, high=value + 0.1)


def _difference(value: float) -> PairedDifference:
    return PairedDifference(
        value=value, low=value - 0.1, high=value + 0.1, low_all=value - 0.15, high_all=value + 0.15
    )


def _by_task(value: float) -> dict[str, IntervalValue]:
    nothing = IntervalValue(value=math.nan, low=math.nan, high=math.nan)
    return {"lip_sync": nothing, "cross_modal": _interval(value), "overall": _interval(value)}


def _candidate(trial: int, score: float) -> CandidateResult:
    return CandidateResult(
        trial=trial,
        baseline=trial == 0,
        parameters=1000 * (3 - trial),
        num_runs=3,
        dropped=None,
        score_mean=score,
        score_std=0.02,
        score_error=math.nan,
        behind=None,
        r2_mean={"lip_sync": math.nan, "cross_modal": score, "overall": score},
    )


def _config() -> PlainConfig:
    return to_dict(with_values(manual(TASKS), {"training.epochs": 14, "training.seed": 77}))


def _tested(trial: int, score: float) -> TestedConfiguration:
    return TestedConfiguration(trial=trial, config=_config(), r2=_by_task(score))


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
