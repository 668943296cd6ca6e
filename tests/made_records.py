"""Records of studies that nobody ran, as the search would leave them: any size, any names."""

import dataclasses
import math
import random
from collections.abc import Sequence
from typing import Any

from studies.records import StudyRecord, TrialRecord, best, counts

TASKS = ("lip_sync", "cross_modal", "overall")
RUNGS = (2, 6, 14)
SPACE: dict[str, Any] = {
    "name": "made",
    "parameters": {
        "optim.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
        "model.num_layers": {"type": "int", "low": 1, "high": 3, "step": 1, "log": False},
        "model.pooling": {"type": "categorical", "choices": ["mean", "attention"]},
        "model.max_lag": {"type": "categorical", "choices": [0, 15]},
        "model.lag_channels": {
            "type": "int",
            "low": 2,
            "high": 8,
            "step": 2,
            "log": False,
            "when": {"model.max_lag": [15]},
        },
    },
}


def made_study(
    *, trials: int = 40, tasks: Sequence[str] = TASKS, name: str = "made", pareto: bool = False
) -> StudyRecord:
    """A search of so many trials: the baseline, complete ones and ones pruned at a rung."""
    chance = random.Random(0)
    settings = {"objective": "pareto" if pareto else "score", "seed": 7, "epochs": RUNGS[-1]}
    return StudyRecord(
        name=name,
        identity={"data": "d" * 32, "space": "s" * 64, "settings": settings},
        data_source="demo",
        tasks=list(tasks),
        watch=(tasks[min(1, len(tasks) - 1)], tasks[-1]),
        space=SPACE,
        total=trials,
        stopped=None,
        attainable={},
        simple={},
        trials=[_trial(chance, number, tasks) for number in range(trials)],
        chosen=None,
        confirmation=None,
    )


def _trial(chance: random.Random, number: int, tasks: Sequence[str]) -> TrialRecord:
    complete = number < 4 or chance.random() < 0.5
    epochs = RUNGS[-1] if complete else chance.choice(RUNGS[:-1])
    params = {} if number == 0 else _params(chance, tasks)
    reach = 0.7 - 0.15 * abs(math.log10(params.get("optim.lr", 0.1) / 1e-2)) + chance.gauss(0, 0.03)
    history = [_epoch(chance, epoch, reach, tasks) for epoch in range(1, epochs + 1)]
    last = history[-1]["r2"]
    weights = {task: params.get(f"training.task_weights.{task}", 1.0) for task in tasks}
    return TrialRecord(
        number=number,
        state="complete" if complete else "pruned",
        score=(last[tasks[min(1, len(tasks) - 1)]] + last[tasks[-1]]) / 2,
        best_epoch=epochs,
        r2=last,
        num_labels=dict.fromkeys(tasks, 86),
        epochs=epochs,
        planned_epochs=RUNGS[-1],
        params=params,
        config={"training": {"task_weights": weights, "epochs": epochs, "seed": number}},
        reason=f"finished all {epochs} epochs" if complete else f"epoch {epochs}: place 7 of 9",
        baseline=number == 0,
        audited=None,
        history=history,
        seconds=2.0,
    )


def _params(chance: random.Random, tasks: Sequence[str]) -> dict[str, Any]:
    lag = chance.choice([0, 15])
    return {
        "optim.lr": 10 ** chance.uniform(-4, -1),
        "model.num_layers": chance.randint(1, 3),
        "model.pooling": chance.choice(["mean", "attention"]),
        "model.max_lag": lag,
        **({"model.lag_channels": chance.choice([2, 4, 6, 8])} if lag else {}),
        **{f"training.task_weights.{task}": 4 ** chance.uniform(-1, 1) for task in tasks},
    }


def _epoch(chance: random.Random, epoch: int, reach: float, tasks: Sequence[str]) -> dict[str, Any]:
    level = reach * (1 - math.exp(-epoch / 4))
    r2 = {task: level + chance.gauss(0, 0.02) for task in tasks}
    return {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "lr": 1e-3,
        "r2": r2,
        "judged": epoch in RUNGS,
        "seconds": 0.1,
    }


def interval(value: float) -> dict[str, float]:
    """A figure with its 95 % interval."""
    return {"value": value, "low": value - 0.08, "high": value + 0.08}


def confirmed(study: StudyRecord, *, group: str = "speaker") -> StudyRecord:
    """The study with all that comes after the search, and what is noted of data and origin."""
    chosen = best(study.trials)
    assert chosen is not None
    chance = random.Random(1)
    finals = [trial for trial in study.trials if trial.state == "complete"][:3]
    if chosen not in finals:
        finals.append(chosen)
    truth = [[chance.uniform(-0.8, 1.0) for _ in study.tasks] for _ in range(30)]
    truth[0][0] = None  # type: ignore[call-overload]
    predicted = [[0.6 * (value or 0.0) for value in row] for row in truth]
    return dataclasses.replace(
        study,
        chosen=chosen.number,
        confirmation=_confirmation(study, chosen, finals),
        predictions={
            "tasks": study.tasks,
            "groups": [f"{group} {place // 3}" for place in range(30)],
            "truth": truth,
            "chosen": predicted,
            "baseline": predicted,
            "clips": 90,
        },
        audit=_audit(study),
        made_with={
            "command": f"python -m search.run --data demo --study {study.name}",
            "versions": {"optuna": "5.0.0"},
            "machine": "Linux, 2 cores",
            "started": "2026-11-26T02:20:00+00:00",
        },
    )


def _confirmation(
    study: StudyRecord, chosen: TrialRecord, finals: Sequence[TrialRecord]
) -> dict[str, Any]:
    by_task = {task: interval(0.5) for task in study.tasks}
    metrics = dict.fromkeys(("r2", "r2_first", "spearman", "pearson", "mae"), by_task)
    test = {
        "seeds": 2,
        "opened_for": [chosen.number, 0],
        "num_labels": dict.fromkeys(study.tasks, 66),
        "trained_on": {"device": "cpu", "threads": 1},
        "chosen": {"trial": chosen.number, "config": chosen.config, **metrics},
        "baseline": {"trial": 0, "config": study.trials[0].config, **metrics},
        "difference": {t: {**interval(0.3), "low_all": 0.1, "high_all": 0.5} for t in study.tasks},
    }
    return {
        "folds": 3,
        "seeds": 2,
        "num_complete": counts(study.trials)["complete"],
        "runs": {},
        "rule": f"#{chosen.number} is chosen: it is the best.",
        "chosen": chosen.number,
        "over_baseline": {"value": 0.64, "low": None, "high": None, "runs": 1},
        "candidates": [_candidate(study, trial) for trial in finals],
        "test": test,
        "test_openings": 1,
        "openings": [{"when": "2026-11-26T02:40:00+00:00", "for": [chosen.number, 0]}],
    }


def _candidate(study: StudyRecord, trial: TrialRecord) -> dict[str, Any]:
    score = (trial.score or 0.0) - 0.06
    if trial.baseline:  # dropped after a run, as it mostly is
        return {
            "trial": trial.number,
            "baseline": True,
            "score_mean": score,
            "score_std": None,
            "score_error": None,
            "parameters": 21_000_000,
            "num_runs": 1,
            "dropped": "after 1 of 6 runs: behind #15 by 0.640, 9.0 standard errors",
            "behind": {"value": 0.64, "low": None, "high": None, "runs": 1},
            "r2_mean": dict.fromkeys(study.tasks, score),
        }
    return {
        "trial": trial.number,
        "baseline": trial.baseline,
        "score_mean": score,
        "score_std": 0.03,
        "score_error": 0.012,
        "parameters": 31_000,
        "num_runs": 6,
        "dropped": None,
        "behind": interval(0.1),
        "r2_mean": dict.fromkeys(study.tasks, score),
    }


def _audit(study: StudyRecord) -> dict[str, Any]:
    splits = {"train": 320, "val": 120, "test": 160}
    return {
        "findings": [{"level": "warning", "message": "a column is constant", "mend": "drop it"}],
        "splits": [{"split": s, "samples": n, "groups": n // 4} for s, n in splits.items()],
        "tasks": [
            {"split": split, "task": task, "valid": 70, "missing_share": 0.28}
            for split in splits
            for task in study.tasks
        ],
        "streams": [{"split": "train", "stream": "visual", "shape": [320, 30, 163], "nan": 12}],
    }
