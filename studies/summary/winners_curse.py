"""What the confirmation and the test split say beyond R²: agreement, error, and the winner's curse."""

from typing import Any, Final

from avq_core.display.numbers import interval_text, metric_text
from studies import records
from studies.records import StudyRecord, task_names
from studies.table import Table

_METRICS: Final = {"spearman": "Spearman", "pearson": "Pearson", "mae": "MAE, your units"}


def winners_curse(study: StudyRecord) -> list[str]:
    """What the search promised for the chosen trial, what was confirmed, and why it was chosen."""
    confirmation = study.confirmation or {}
    rows = {row["trial"]: row for row in confirmation.get("candidates", [])}
    row = rows.get(study.chosen) if study.chosen is not None else None
    if row is None or row["score_mean"] is None:
        return []
    trial = next((t for t in study.trials if t.number == study.chosen), None)
    said = [confirmation["rule"]] if "rule" in confirmation else []
    said += [
        f"#{other} was dropped {found['dropped']}."
        for other, found in rows.items()
        if found.get("dropped")
    ]
    if trial is None or trial.score is None:
        return said
    error = row.get("score_error")
    confirmed = metric_text(row["score_mean"]) + ("" if error is None else f" ± {error:.3f}")
    told = f"The search promised a score of {trial.score:.3f} for #{trial.number}; confirmed: {confirmed}."
    return [f"{told} {_gap(study, trial.score - row['score_mean'], error)}", *said]


def _gap(study: StudyRecord, gap: float, error: float | None) -> str:
    """What to make of promised less confirmed."""
    counts = records.counts(study.trials)
    among = counts["complete"] + counts["pruned"]
    if gap <= (error or 0.0):
        return (
            "The two agree within the error." if error else "The search did not promise too much."
        )
    return (
        f"The search's figure was {gap:.3f} too high, as the best of {among} noisy figures is (the "
        "winner's curse; folds train on fewer clips, too): believe the confirmed one."
    )


def agreement_table(study: StudyRecord) -> Table | None:
    """Correlations and error on test, a row a task; `None` where the study does not hold them."""
    test: dict[str, Any] = (study.confirmation or {}).get("test") or {}
    columns = [(name, test[name]) for name in ("baseline", "chosen") if "mae" in test.get(name, {})]
    if not columns:
        return None
    head = ["test", *(f"{name}, {told}" for told in _METRICS.values() for name, _ in columns), "n"]
    rows = [
        [
            task,
            *(
                interval_text(entry[metric].get(task))
                for metric in _METRICS
                for _, entry in columns
            ),
            str(test["num_labels"].get(task, "")),
        ]
        for task in task_names(study)
    ]
    return Table(
        title="rank and linear correlation, and error, on test [95 %]", head=head, rows=rows
    )
