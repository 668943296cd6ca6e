"""A study's results as text; the search prints it at its end."""

from avq_core.display.numbers import metric_text
from avq_core.display.tables import text_table
from studies.analysis import pruning_check
from studies.records.study import StudyRecord
from studies.summary.tables import (
    confirmation_table,
    front_table,
    search_table,
    test_table,
    verdict,
)
from studies.summary.winners_curse import agreement_table, winners_curse
from studies.table import Table

_TOP = 5
_SHOWN = 3
_WEIGHT = "training.task_weights."


def render(study: StudyRecord) -> str:
    """A study's results as text."""
    parts = [_headline(study), _text(search_table(study)) or "no finished trial yet"]
    parts += [_text(front_table(study)), _text(confirmation_table(study))]
    parts += [_text(test_table(study)), _text(agreement_table(study))]
    parts += ["\n".join([*winners_curse(study), *verdict(study)]), _top_table(study)]
    parts += [_text(pruning_check.rung_table(study)), "\n".join(pruning_check.sentences(study))]
    return "\n\n".join(part for part in parts if part)


def _headline(study: StudyRecord) -> str:
    counts, finished = study.counts, study.counts.finished
    of_total = f" of {study.total}" if study.total and study.total >= finished else ""
    lines = [
        f"study {study.name} on {study.data_source or 'unknown data'}",
        (
            f"trials: {finished}{of_total} finished ({counts.complete} complete, "
            f"{counts.pruned} pruned), {counts.running} running, "
            f"{counts.waiting} waiting, {counts.failed} failed or requeued"
        ),
    ]
    if study.stopped:
        lines.append(f"stopped: {study.stopped}")
    if study.left_out:
        shown = ", ".join(study.left_out[:_SHOWN])
        more = ", …" if len(study.left_out) > _SHOWN else ""
        lines.append(f"left out, since this version cannot read them: {shown}{more}")
    if study.epochs_spent:
        lines.append(
            f"epochs: {study.epochs_spent} spent, {study.epochs_saved} saved by pruning "
            f"({study.share_saved:.0%})"
        )
    return "\n".join(lines)


def _text(table: Table | None) -> str:
    return f"{table.title}\n{text_table([table.head, *table.rows])}" if table else ""


def _top_table(study: StudyRecord) -> str:
    """The best trials as columns and settings as rows, since settings may be too many for columns."""
    ranked = [trial for trial in study.ranked if trial.params][:_TOP]
    if not ranked:
        return ""
    shown = study.columns
    hidden = {f"{_WEIGHT}{task}" for task in study.tasks if task not in shown}
    names = dict.fromkeys(name for trial in ranked for name in trial.params if name not in hidden)
    rows = [["setting", *(f"#{trial.number}" for trial in ranked)]]
    rows.append(["score", *(metric_text(trial.score) for trial in ranked)])
    # A conditional hyperparameter that a trial does not have stays empty.
    for name in names:
        values = [_value(t.params[name]) if name in t.params else "" for t in ranked]
        rows.append([name, *values])
    return f"best trials of the search, as suggested\n{text_table(rows)}"


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
