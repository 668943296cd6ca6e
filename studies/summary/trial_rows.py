"""All trials as CSV, a row for each."""

import csv
import io
import math

from studies.records.study import StudyRecord


def as_csv(study: StudyRecord) -> str:
    """The CSV, in full precision; a value that a trial does not have is empty."""
    tasks = study.tasks
    names = list(
        dict.fromkeys((*study.space.parameters, *(name for t in study.trials for name in t.params)))
    )
    head = ["number", "state", "score", *(f"r2.{task}" for task in tasks), "best_epoch", "epochs"]
    head += ["planned_epochs", "seconds", "baseline", *names, "reason"]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    for trial in study.trials:
        r2 = (trial.r2.get(task, math.nan) for task in tasks)
        metrics = [trial.score, *(None if math.isnan(v) else v for v in r2), trial.best_epoch]
        cost = [trial.epochs, trial.planned_epochs, trial.seconds, trial.baseline]
        # `null` is a suggested value; an empty cell is a parameter that the trial does not have.
        values = [_cell(trial.params[name]) if name in trial.params else None for name in names]
        table.writerow([trial.number, trial.state, *metrics, *cost, *values, trial.reason])
    return text.getvalue()


def _cell(value: object) -> object:
    return "null" if value is None else value
