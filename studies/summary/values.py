"""A study in few values, as JSON takes them."""

from typing import Any

from studies import records
from studies.analysis import pruning_check
from studies.records import StudyRecord, TrialRecord


def summary(study: StudyRecord) -> dict[str, Any]:
    """A study in few values, as JSON takes them."""
    return {
        "study": study.name,
        "data": study.data_source,
        "total": study.total,
        "stopped": study.stopped,
        "counts": records.counts(study.trials),
        "epochs": {
            "spent": records.epochs_spent(study.trials),
            "saved": records.epochs_saved(study.trials),
        },
        "front": _front(study),
        "best": _short(study, records.best(study.trials)),
        "baseline": _short(study, records.baseline(study.trials)),
        "chosen": study.chosen,
        "simple": study.simple,
        "pruner": pruning_check.summary(study),
        "confirmation": study.confirmation,
    }


def _front(study: StudyRecord) -> list[int]:
    """Numbers of the trials that nobody beats in both watched figures."""
    fronts = records.by_front(study.trials, study.watch)
    return [trial.number for trial in fronts[0]] if fronts else []


def _short(study: StudyRecord, trial: TrialRecord | None) -> dict[str, Any] | None:
    if trial is None:
        return None
    cross_modal, overall = study.watch
    return {
        "trial": trial.number,
        "state": trial.state,
        "score": trial.score,
        "cross_modal": trial.r2.get(cross_modal),
        "overall": trial.r2.get(overall),
        "epoch": trial.best_epoch,
        "r2": trial.r2,
        "num_labels": trial.num_labels,
        "params": trial.params,
    }
