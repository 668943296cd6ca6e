"""Records of simulated studies of any size and with any names, as the search would leave them."""

import dataclasses
import math
import random
from collections.abc import Sequence
from typing import Any

from studies.identity import Identity
from studies.records.confirmation import CandidateResult, Confirmation
from studies.records.held_out import Opening, Predictions, TestedConfiguration, TestResult
from studies.records.intervals import IntervalValue, PairedDifference, PairedGap
from studies.records.provenance import (
    DataAudit,
    Finding,
    LabelCount,
    Provenance,
    SearchedSpace,
    SplitSize,
    StreamSize,
)
from studies.records.study import StudyRecord
from studies.records.trial import BestEpoch, Epoch, RanOn, TrialRecord
from studies.score import Watch

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
        identity=Identity(data="d" * 32, space="s" * 64, settings=settings),
        data_source="demo",
        tasks=tuple(tasks),
        watch=Watch(cross_modal=tasks[min(1, len(tasks) - 1)], overall=tasks[-1]),
        space=SearchedSpace.decode(SPACE),
        total=trials,
        stopped=None,
        attainable={},
        simple={},
        trials=[_trial(chance, number, tasks) for number in range(trials)],
    )


def _trial(chance: random.Random, number: int, tasks: Sequence[str]) -> TrialRecord:
    complete = number < 4 or chance.random() < 0.5
    epochs = RUNGS[-1] if complete else chance.choice(RUNGS[:-1])
    params = {} if number == 0 else _params(chance, tasks)
    reach = 0.7 - 0.15 * abs(math.log10(params.get("optim.lr", 0.1) / 1e-2)) + chance.gauss(0, 0.03)
    history = [_epoch(chance, epoch, reach, tasks) for epoch in range(1, epochs + 1)]
    last = history[-1].r2
    weights = {task: params.get(f"training.task_weights.{task}", 1.0) for task in tasks}
    return TrialRecord(
        number=number,
        state="complete" if complete else "pruned",
        best=BestEpoch(
            epoch=epochs,
            score=(last[tasks[min(1, len(tasks) - 1)]] + last[tasks[-1]]) / 2,
            r2=last,
            num_labels=dict.fromkeys(tasks, 86),
        ),
        planned_epochs=RUNGS[-1],
        params=params,
        config={"training": {"task_weights": weights, "epochs": epochs, "seed": number}},
        reason=f"finished all {epochs} epochs" if complete else f"epoch {epochs}: place 7 of 9",
        baseline=number == 0,
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


def _epoch(chance: random.Random, epoch: int, reach: float, tasks: Sequence[str]) -> Epoch:
    level = reach * (1 - math.exp(-epoch / 4))
    return Epoch(
        epoch=epoch,
        train_loss=1 / epoch,
        lr=1e-3,
        r2={task: level + chance.gauss(0, 0.02) for task in tasks},
        judged=epoch in RUNGS,
        seconds=0.1,
    )


def at_best(trial: TrialRecord, **changes: object) -> TrialRecord:
    """The trial with other metrics at its best epoch."""
    assert trial.best is not None
    return dataclasses.replace(trial, best=trial.best.model_copy(update=changes))


def interval(value: float) -> IntervalValue:
    """A metric with its 95 % interval."""
    return IntervalValue(value=value, low=value - 0.08, high=value + 0.08)


def with_confirmation(study: StudyRecord, **changes: object) -> StudyRecord:
    """The study with another confirmation."""
    confirmation = (study.confirmation or Confirmation()).model_copy(update=changes)
    return dataclasses.replace(study, confirmation=confirmation)


def with_test(study: StudyRecord, **changes: object) -> StudyRecord:
    """The study with other metrics of the test split."""
    assert study.test is not None
    return with_confirmation(study, test=study.test.model_copy(update=changes))


def confirmed(study: StudyRecord, *, group: str = "speaker") -> StudyRecord:
    """The study with all that comes after the search, its data audit and its provenance."""
    chosen = study.best
    assert chosen is not None
    chance = random.Random(1)
    finals = [trial for trial in study.trials if trial.state == "complete"][:3]
    if chosen not in finals:
        finals.append(chosen)
    truth = [tuple(chance.uniform(-0.8, 1.0) for _ in study.tasks) for _ in range(30)]
    truth[0] = (math.nan, *truth[0][1:])
    predicted = tuple(
        tuple(0.0 if math.isnan(value) else 0.6 * value for value in row) for row in truth
    )
    return dataclasses.replace(
        study,
        confirmation=_confirmation(study, chosen, finals),
        predictions=Predictions(
            tasks=study.tasks,
            groups=tuple(f"{group} {place // 3}" for place in range(30)),
            truth=tuple(truth),
            chosen=predicted,
            baseline=predicted,
            clips=90,
        ),
        data_audit=_audit(study),
        provenance=Provenance(
            command=f"python -m search.run --data demo --study {study.name}",
            versions={"optuna": "5.0.0"},
            machine="Linux, 2 cores",
            started="2026-11-26T02:20:00+00:00",
        ),
    )


def _confirmation(
    study: StudyRecord, chosen: TrialRecord, finals: Sequence[TrialRecord]
) -> Confirmation:
    return Confirmation(
        folds=3,
        seeds=2,
        num_complete=study.counts.complete,
        rule=f"#{chosen.number} is chosen: it is the best.",
        chosen=chosen.number,
        over_baseline=PairedGap(value=0.64, low=math.nan, high=math.nan, runs=1),
        candidates=tuple(_candidate(study, trial) for trial in finals),
        test=TestResult(
            seeds=2,
            opened_for=(chosen.number, 0),
            num_labels=dict.fromkeys(study.tasks, 66),
            trained_on=RanOn(device="cpu", threads=1),
            chosen=_tested(study, chosen),
            baseline=_tested(study, study.trials[0]),
            difference={
                task: PairedDifference(value=0.3, low=0.22, high=0.38, low_all=0.1, high_all=0.5)
                for task in study.tasks
            },
        ),
        test_openings=1,
        openings=(Opening(when="2026-11-26T02:40:00+00:00", trials=(chosen.number, 0)),),
    )


def _tested(study: StudyRecord, trial: TrialRecord) -> TestedConfiguration:
    by_task = {task: interval(0.5) for task in study.tasks}
    assert trial.config is not None
    return TestedConfiguration(
        trial=trial.number,
        config=trial.config,
        r2=by_task,
        r2_first=by_task,
        spearman=by_task,
        pearson=by_task,
        mae=by_task,
    )


def _candidate(study: StudyRecord, trial: TrialRecord) -> CandidateResult:
    score = (trial.score or 0.0) - 0.06
    whole = CandidateResult(
        trial=trial.number,
        baseline=trial.baseline,
        score_mean=score,
        score_std=0.03,
        score_error=0.012,
        parameters=31_000,
        num_runs=6,
        dropped=None,
        behind=PairedGap(value=0.1, low=0.02, high=0.18, runs=6),
        r2_mean=dict.fromkeys(study.tasks, score),
    )
    if not trial.baseline:
        return whole
    # Dropped after a run, as in most searches.
    dropped = {
        "score_std": math.nan,
        "score_error": math.nan,
        "parameters": 21_000_000,
        "num_runs": 1,
        "dropped": "after 1 of 6 runs: behind #15 by 0.640, 9.0 standard errors",
        "behind": PairedGap(value=0.64, low=math.nan, high=math.nan, runs=1),
    }
    return whole.model_copy(update=dropped)


def _audit(study: StudyRecord) -> DataAudit:
    splits = {"train": 320, "val": 120, "test": 160}
    return DataAudit(
        findings=(Finding(level="warning", message="a column is constant", mend="drop it"),),
        splits=tuple(SplitSize(split=s, samples=n, groups=n // 4) for s, n in splits.items()),
        tasks=tuple(
            LabelCount(split=split, task=task, valid=70, missing_share=0.28)
            for split in splits
            for task in study.tasks
        ),
        streams=(StreamSize(split="train", stream="visual", shape=(320, 30, 163), nan=12),),
    )
