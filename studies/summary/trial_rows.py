"""A row a trial, as CSV."""

import csv
import io

from studies.records import StudyRecord, task_names


def as_csv(study: StudyRecord) -> str:
    """A row a trial, in full digits; what a trial does not have is empty."""
    tasks = task_names(study)
    searched = study.space.get("parameters", {})
    names = list(dict.fromkeys((*searched, *(name for t in study.trials for name in t.params))))
    head = ["number", "state", "score", *(f"r2.{task}" for task in tasks), "best_epoch", "epochs"]
    head += ["planned_epochs", "seconds", "baseline", *names, "reason"]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    for trial in study.trials:
        figures = [trial.score, *(trial.r2.get(task) for task in tasks), trial.best_epoch]
        cost = [trial.epochs, trial.planned_epochs, trial.seconds, trial.baseline]
        # `null` was suggested; nothing was not asked for.
        values = [_cell(trial.params[name]) if name in trial.params else None for name in names]
        table.writerow([trial.number, trial.state, *figures, *cost, *values, trial.reason])
    return text.getvalue()


def _cell(value: object) -> object:
    return "null" if value is None else value
