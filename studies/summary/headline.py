"""What came of a study: the verdict in a few sentences, and the main figures in a small table."""

from collections.abc import Mapping
from typing import Any, Final

from avq_core.display.numbers import interval_text, metric_text
from studies import records
from studies.records import StudyRecord, TrialRecord
from studies.summary.tables import BASELINE, CHOSEN, verdict
from studies.summary.winners_curse import winners_curse
from studies.table import Table

_UNCONFIRMED: Final = (
    "The best of many noisy figures looks better than it is, and these are not confirmed yet."
)


def facts(study: StudyRecord) -> str:
    """What the study is of and what it cost, in a line."""
    counts = records.counts(study.trials)
    spent, saved = records.epochs_spent(study.trials), records.epochs_saved(study.trials)
    share = f" ({saved / (spent + saved):.0%})" if spent + saved else ""
    states = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    space = f", space {study.space['name']}" if study.space.get("name") else ""
    return (
        f"Data: {study.data_source or 'unknown'}{space}. Trials: {states or 'none yet'}. "
        f"Epochs: {spent} spent, {saved} saved by pruning{share}."
        + (f" Stopped: {study.stopped}." if study.stopped else "")
    )


def headline(study: StudyRecord) -> list[str]:
    """What was reached; the number to believe comes first."""
    best = records.best(study.trials)
    if best is None:
        return [_nothing(study)]
    test = (study.confirmation or {}).get("test")
    if test and study.chosen is not None:
        values = {task: entry["value"] for task, entry in test["chosen"]["r2"].items()}
        reached = f"{_watched(study, values)} on the test split"
        return [f"Trial #{study.chosen}, chosen on folds with fresh seeds, reaches {reached}."]
    return searched(study, best) + ([] if best.baseline else [_UNCONFIRMED])


def points(study: StudyRecord) -> list[str]:
    """What the test split says of rivals, and what the search's figures were worth."""
    return [*winners_curse(study), *verdict(study)]


def _nothing(study: StudyRecord) -> str:
    if records.counts(study.trials)["complete"]:
        return (
            "The complete trials hold no figures such as search.run notes; "
            "python -m studies.dashboard shows a study that something else made."
        )
    return "No trial is complete yet."


def searched(study: StudyRecord, best: TrialRecord) -> list[str]:
    """What the search itself reports of its best trial and of the manual's."""
    baseline = records.baseline(study.trials)
    said = [f"In the search, trial #{best.number} reached {_watched(study, best.r2)} on val."]
    if best.baseline:
        return ["No trial is better than the manual's configuration yet."]
    if baseline is not None and baseline.score is not None:
        said.append(
            f"The manual's configuration (#{baseline.number}) reached "
            f"{_watched(study, baseline.r2)}."
        )
    return said


def _watched(study: StudyRecord, r2: Mapping[str, float | None]) -> str:
    return " and ".join(
        f"{task} R² {metric_text(r2.get(task))}" for task in dict.fromkeys(study.watch)
    )


def glance(study: StudyRecord) -> Table | None:
    """Manual's and chosen (or best) configuration side by side, a row a stage."""
    chosen = records.best(study.trials)
    if study.chosen is not None:
        chosen = next((t for t in study.trials if t.number == study.chosen), chosen)
    if chosen is None:
        return None
    baseline = records.baseline(study.trials)
    rows = [_row("search: score on val", _score(baseline), chosen.score)]
    confirmation = (study.confirmation or {}) if study.chosen is not None else {}
    test = confirmation.get("test") or {}
    candidates = {row["trial"]: row for row in confirmation.get("candidates", [])}
    if not test:
        rows += [
            _row(f"search: {task} R² on val", (baseline.r2 if baseline else {}).get(task), value)
            for task in dict.fromkeys(study.watch)
            if (value := chosen.r2.get(task)) is not None
        ]
    if chosen.number in candidates:
        manual = candidates.get(baseline.number) if baseline else None
        rows.append(_confirmed_row(confirmation, manual, candidates[chosen.number]))
    for task in dict.fromkeys(study.watch) if test else ():
        cells = [test.get(name, {}).get("r2", {}).get(task) for name in (BASELINE, "chosen")]
        cells.append((test.get("difference") or {}).get(task))
        rows.append([f"test: {task} R² [95 %]", *map(interval_text, cells)])
    name = f"chosen #{chosen.number}" if study.chosen is not None else f"best #{chosen.number}"
    manual_name = f"the manual's #{baseline.number}" if baseline else "the manual's"
    # What counts is the last stage, where there are several.
    stages = [row[0].split(":")[0] for row in rows]
    marks = [CHOSEN if stage == stages[-1] != stages[0] else "" for stage in stages]
    head = ["", manual_name, name, "difference"]
    return Table(title="The main figures", head=head, rows=rows, marks=marks)


def _score(trial: TrialRecord | None) -> float | None:
    return None if trial is None else trial.score


def _row(name: str, manual: float | None, chosen: float | None) -> list[str]:
    gap = "" if manual is None or chosen is None else f"{chosen - manual:+.3f}"
    return [name, metric_text(manual), metric_text(chosen), gap]


def _confirmed_row(
    confirmation: Mapping[str, Any], manual: Mapping[str, Any] | None, chosen: Mapping[str, Any]
) -> list[str]:
    seeds = confirmation.get("seeds", 1)
    what = f"{confirmation['folds']} folds" + (f" × {seeds} seeds" if seeds > 1 else "")
    row = _row(f"confirmed: score, {what}", None, chosen["score_mean"])
    told = _with_error(metric_text(manual["score_mean"]), manual) if manual else metric_text(None)
    if manual and manual.get("dropped"):
        runs = manual["num_runs"]
        told += f", {runs} run{'s' if runs != 1 else ''}"
    gap = confirmation.get("over_baseline")
    return [row[0], told, _with_error(row[2], chosen), interval_text(gap) if gap else ""]


def _with_error(told: str, entry: Mapping[str, Any]) -> str:
    if entry["score_mean"] is None:
        return told
    if (error := entry.get("score_error")) is not None:
        return f"{told} ± {error:.3f}"
    spread = entry.get("score_std")
    return told if spread is None else f"{told} (sd {spread:.3f})"
