"""A study that another program made: what Optuna holds of it, as text, JSON object or CSV."""

import csv
import io
import math
import shlex
from collections.abc import Sequence

from avq_core.display.tables import text_table
from studies.records.codec import JsonObject
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

_SHOWN = 5
"""Upper bound on the Pareto-optimal trials that the text lists."""


def render(study: StudyRecord) -> str:
    """The study as text."""
    counts = ", ".join(f"{number} {state}" for state, number in study.counts.to_dict().items())
    head = (
        f"study {study.name} was not made by this program; here is what Optuna holds, and with the same "
        f"--runs or --storage, python -m studies.dashboard {shlex.quote(study.name)} plots it"
    )
    lines = [
        head,
        f"trials: {counts}",
        f"direction{'s' if len(study.directions) > 1 else ''}: {', '.join(study.directions)}",
    ]
    best = _best(study)
    if not best:
        return "\n".join([*lines, "best: none, since no trial is complete and feasible"])
    if len(study.directions) > 1:
        lines.append(f"Pareto front: {len(best)} trial{'s' if len(best) > 1 else ''}")
    return "\n".join(lines) + f"\n\n{_best_table(best[:_SHOWN])}"


def _best_table(best: Sequence[TrialRecord]) -> str:
    """Trials as columns; values and parameters as rows."""
    rows = [["best", *(f"#{trial.number}" for trial in best)]]
    num_values = max(len(trial.values or ()) for trial in best)
    for place, name in enumerate(_value_names(num_values)):
        rows.append([name, *(_text((trial.values or ())[place]) for trial in best)])
    rows += [
        [name, *(_text(t.params[name]) if name in t.params else "" for t in best)]
        for name in dict.fromkeys(name for trial in best for name in trial.params)
    ]
    return text_table(rows)


def summary(study: StudyRecord) -> JsonObject:
    """The study as a JSON object, with the keys that programs read of any study."""
    best = _best(study)
    is_single = len(study.directions) == 1
    return {
        "study": study.name,
        "foreign": True,
        "directions": list(study.directions),
        "counts": study.counts.to_dict(),
        "front": [] if is_single else [trial.number for trial in best],
        "best": _short(best[0]) if is_single and best else None,
        "baseline": None,
        "chosen": None,
    }


def _short(trial: TrialRecord) -> JsonObject:
    values = [_finite(value) for value in trial.values or ()]
    return {
        "trial": trial.number,
        "state": trial.state,
        "score": values[0] if values else None,
        "cross_modal": None,
        "overall": None,
        "values": values,
        "params": {name: _finite(value) for name, value in trial.params.items()},
    }


def as_csv(study: StudyRecord) -> str:
    """All trials as CSV, a row for each, in full precision; what a trial does not have is empty."""
    names = list(dict.fromkeys(name for trial in study.trials for name in trial.params))
    values = _value_names(len(study.directions))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["number", "state", *values, "seconds", *names])
    for trial in study.trials:
        reached = trial.values or (None,) * len(values)
        cells = ["null" if (v := trial.params.get(name, "")) is None else v for name in names]
        table.writerow([trial.number, trial.state, *reached, trial.seconds, *cells])
    return text.getvalue()


def _best(study: StudyRecord) -> list[TrialRecord]:
    by_number = {trial.number: trial for trial in study.trials}
    return [by_number[number] for number in study.optimal if number in by_number]


def _value_names(number: int) -> list[str]:
    return ["value"] if number == 1 else [f"value {place}" for place in range(number)]


def _finite(value: object) -> object:
    """The value as JSON holds it, which has no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
