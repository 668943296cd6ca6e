"""A study as a search leaves one, of trials that nobody trained."""

import math
import random
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from storages import new_study

from avq_core.config.presets import manual
from avq_core.config.values import to_dict, with_values
from studies.identity import Identity
from studies.records import attributes

TASKS = ("lip_sync", "expression", "audio_quality", "cross_modal", "overall")
RUNGS = (2, 6, 14, 30)
_EPOCHS = RUNGS[-1]
_SPACE: dict[str, Any] = {
    "optim.lr": FloatDistribution(1e-5, 1e-2, log=True),
    "model.num_layers": IntDistribution(1, 6),
    "model.dropout": FloatDistribution(0.0, 0.5),
    "model.pooling": CategoricalDistribution(["mean", "attention"]),
    **{f"training.task_weights.{t}": FloatDistribution(0.25, 4.0, log=True) for t in TASKS},
}


def make_study(runs: Path, name: str, *, trials: int, pareto: bool = False) -> optuna.Study:
    """A study on SQLite in its folder, confirmed and tested."""
    study = new_study(runs, name, pareto=pareto)
    chance = random.Random(7)
    study.add_trials([make_trial(chance, n, pareto=pareto) for n in range(trials)])
    _describe(study, trials, pareto=pareto)
    _confirm(study)
    return study


def make_trial(chance: random.Random, number: int, *, pareto: bool = False) -> FrozenTrial:
    """The baseline, or one that is pruned at a rung, fails now and then, or goes to its end."""
    params = {} if number == 0 else _suggest(chance)
    state = _state(chance, number)
    last = _EPOCHS if state == TrialState.COMPLETE else chance.choice(RUNGS[:-1])
    reach = 0.174 if number == 0 else 0.7 - 0.12 * abs(math.log10(params["optim.lr"] / 1e-3))
    history = [_epoch(chance, epoch, reach, last) for epoch in range(1, last + 1)]
    best = max((e for e in history if e["judged"]), key=_score)
    config = to_dict(with_values(manual(TASKS), {**params, "training.epochs": _EPOCHS}))
    figures = {"epoch": best["epoch"], "score": _score(best), "r2": best["r2"]}
    noted: dict[str, Any] = {
        attributes.CONFIG: config,
        attributes.PLANNED: _EPOCHS,
        attributes.WORKER: "host:1 on cpu",
        attributes.HISTORY: history,
        attributes.METRICS: figures | {"num_labels": dict.fromkeys(TASKS, 172)},
        attributes.REASON: _reason(state, history[-1]),
    }
    if number == 0:
        noted[attributes.BASELINE] = True
    values = [best["r2"]["cross_modal"], best["r2"]["overall"]] if pareto else [_score(best)]
    return create_trial(
        state=state,
        values=values if state == TrialState.COMPLETE else None,
        params=params,
        distributions=_SPACE if params else {},
        intermediate_values={} if pareto else {e["epoch"]: _score(e) for e in history},
        user_attrs=noted,
    )


def _suggest(chance: random.Random) -> dict[str, Any]:
    weights = {f"training.task_weights.{task}": 4 ** chance.uniform(-1, 1) for task in TASKS}
    return {
        "optim.lr": 10 ** chance.uniform(-5, -2),
        "model.num_layers": chance.randint(1, 6),
        "model.dropout": chance.uniform(0, 0.5),
        "model.pooling": chance.choice(["mean", "attention"]),
        **weights,
    }


def _state(chance: random.Random, number: int) -> TrialState:
    if number in {0, 1, 2, 3} or chance.random() < 0.35:
        return TrialState.COMPLETE
    return TrialState.FAIL if chance.random() < 0.05 else TrialState.PRUNED


def _epoch(chance: random.Random, epoch: int, reach: float, last: int) -> dict[str, Any]:
    level = reach * (1 - math.exp(-epoch / 6)) - math.exp(-epoch)
    entry = {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "lr": 1e-3,
        "r2": {task: level + chance.gauss(0, 0.03) for task in TASKS},
        "judged": epoch in RUNGS,
        "seconds": 0.5,
    }
    if entry["judged"] and epoch < last:
        entry["decision"] = f"epoch {epoch}: place 3 of 9, the best 4 go on"
    return entry


def _score(entry: dict[str, Any]) -> float:
    return float(entry["r2"]["cross_modal"] + entry["r2"]["overall"]) / 2


def _reason(state: TrialState, last: dict[str, Any]) -> str:
    if state == TrialState.COMPLETE:
        return f"finished all {last['epoch']} epochs"
    if state == TrialState.FAIL:
        return "diverged: a watched R² is not finite"
    return f"epoch {last['epoch']}: score {_score(last):.3f}, place 7 of 9, the best 4 go on"


def _describe(study: optuna.Study, trials: int, *, pareto: bool) -> None:
    settings = {"epochs": _EPOCHS, "objective": "pareto" if pareto else "score"}
    identity = Identity(data="d" * 32, space="s" * 64, settings=settings)
    noted = {
        attributes.IDENTITY: identity.to_dict(),
        attributes.TASKS: list(TASKS),
        attributes.WATCH: ["cross_modal", "overall"],
        attributes.SPACE: {"name": "make-believe"},
        attributes.DATA_SOURCE: "demo",
        attributes.TOTAL: trials,
        attributes.SIMPLE_MODELS: {"ridge": dict.fromkeys(TASKS, 0.41)},
        attributes.PROVENANCE: {
            "command": f"python -m search.run --data demo --study {study.study_name}",
            "versions": {"optuna": optuna.__version__},
            "machine": "a machine of 2 cores",
            "started": "2026-11-26T02:40:00+00:00",
        },
    }
    for key, value in noted.items():
        study.set_user_attr(key, value)


def _confirm(study: optuna.Study) -> None:
    def interval(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.08, "high": value + 0.08}

    def row(trial: int, score: float) -> dict[str, Any]:
        return {
            "trial": trial,
            "baseline": trial == 0,
            "score_mean": score,
            "score_std": 0.03,
            "score_error": 0.012,
            "parameters": 31_000,
            "num_runs": 6,
            "dropped": None,
            "behind": None if trial == 1 else interval(0.2) | {"runs": 6},
            "r2_mean": dict.fromkeys(TASKS, score),
        }

    def final(trial: int, score: float) -> dict[str, Any]:
        config = to_dict(with_values(manual(TASKS), {"training.epochs": _EPOCHS}))
        r2 = {task: interval(score) for task in TASKS}
        return {"trial": trial, "config": config, "r2": r2, "r2_first": r2}

    gap = {task: interval(0.34) | {"low_all": 0.2, "high_all": 0.48} for task in TASKS}
    summary = {
        "folds": 3,
        "seeds": 2,
        "num_complete": sum(t.state == TrialState.COMPLETE for t in study.trials),
        "runs": {},
        "chosen": 1,
        "rule": "#1 is chosen: nobody with fewer weights is within its standard error",
        "candidates": [row(0, 0.17), row(1, 0.52), row(2, 0.44)],
        "test_openings": 1,
        "test": {
            "seeds": 5,
            "num_labels": dict.fromkeys(TASKS, 290),
            "chosen": final(1, 0.51),
            "baseline": final(0, 0.17),
            "difference": gap,
            "simple": {"ridge": final(0, 0.40)["r2"]},
            "simple_best": "ridge",
            "difference_to_simple": gap,
        },
    }
    study.set_user_attr(attributes.CONFIRMATION, summary)
