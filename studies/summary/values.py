"""Summary of a study as a JSON object."""

from studies.analysis import pruning_check
from studies.records.codec import JsonObject, encode_r2
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


def summary(study: StudyRecord) -> JsonObject:
    """Summary of a study as a JSON object."""
    return {
        "study": study.name,
        "foreign": study.is_foreign,
        "data": study.data_source,
        "total": study.total,
        "stopped": study.stopped,
        "counts": study.counts.to_dict(),
        "epochs": {"spent": study.epochs_spent, "saved": study.epochs_saved},
        "front": [trial.number for trial in study.pareto_front],
        "best": _short(study, study.best),
        "baseline": _short(study, study.baseline),
        "chosen": study.chosen,
        "simple": encode_r2(study.simple),
        "pruner": pruning_check.summary(study),
        "confirmation": None if study.confirmation is None else study.confirmation.encode(),
    }


def _short(study: StudyRecord, trial: TrialRecord | None) -> JsonObject | None:
    if trial is None:
        return None
    r2 = encode_r2({"best": trial.r2})["best"]
    return {
        "trial": trial.number,
        "state": trial.state,
        "score": trial.score,
        "cross_modal": r2.get(study.watch.cross_modal),
        "overall": r2.get(study.watch.overall),
        "epoch": trial.best_epoch,
        "r2": r2,
        "num_labels": dict(trial.num_labels),
        "params": dict(trial.params),
    }
