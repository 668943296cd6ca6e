"""The tables that sum a study up; `show` prints them and `report` sets them as HTML."""

from collections.abc import Mapping
from typing import Any

from avq_core.display.numbers import interval_text, metric_text
from studies import records
from studies.records import StudyRecord, column_tasks, score, task_names
from studies.table import Table

BASELINE, CHOSEN = "baseline", "best"


def search_table(study: StudyRecord) -> Table | None:
    """Validation R² of baseline and best, a row a task; `None` before the first figure."""
    found = (
        ("baseline", records.baseline(study.trials)),
        ("best", records.best(study.trials)),
    )
    columns = [(name, trial) for name, trial in found if trial is not None]
    if not columns:
        return None
    ceiling = study.attainable.get("val", {})
    labels = columns[-1][1].num_labels
    simple = study.simple
    scores = [metric_text(score(study, r2)) for r2 in simple.values()]
    rows = [["score", *(metric_text(t.score) for _, t in columns), *scores, *_blank(ceiling), ""]]
    for task in task_names(study):
        marked = f"{task} *" if task in study.watch else task
        values = [metric_text(trial.r2.get(task)) for _, trial in columns]
        values += [metric_text(r2.get(task)) for r2 in simple.values()]
        known = [metric_text(ceiling.get(task))] if ceiling else []
        rows.append([marked, *values, *known, str(labels.get(task, ""))])
    times = [f"{t.epochs}, {t.seconds:.0f} s" if t.seconds else str(t.epochs) for _, t in columns]
    rows.append(["epochs, time", *times, *("" for _ in simple), *_blank(ceiling), ""])
    names = [f"{name} #{trial.number}" for name, trial in columns]
    head = ["validation R²", *names, *simple, *(["attainable"] if ceiling else []), "labels"]
    return Table(title="found by the search (* watched)", head=head, rows=rows)


def _blank(ceiling: Mapping[str, float]) -> list[str]:
    return [""] if ceiling else []


def front_table(study: StudyRecord) -> Table | None:
    """The trials that nobody beats in both watched figures, of a study that maximises both."""
    fronts = records.by_front(study.trials, study.watch)
    if not study.is_pareto or not fronts:
        return None
    rows = [
        [
            f"#{trial.number}",
            *(metric_text(trial.r2.get(task)) for task in study.watch),
            metric_text(trial.score),
            "baseline" if trial.baseline else "",
        ]
        for trial in sorted(fronts[0], key=lambda trial: -(trial.r2.get(study.watch[0]) or 0.0))
    ]
    title = (
        "the front: nobody is better in both (without a confirmation the highest score is taken)"
    )
    return Table(title=title, head=["trial", *study.watch, "score", ""], rows=rows)


def confirmation_table(study: StudyRecord) -> Table | None:
    """What the search reported beside what was confirmed; `None` before the confirmation."""
    confirmation = study.confirmation or {}
    if "candidates" not in confirmation:
        return None
    searched = {trial.number: trial.score for trial in study.trials}
    rows, marks = [], []
    for row in records.by_confirmed_score(confirmation["candidates"]):
        chosen = row["trial"] == study.chosen
        notes = ["baseline"] * bool(row["baseline"]) + ["chosen"] * chosen
        notes += ["dropped"] * bool(row.get("dropped"))
        weights = row.get("parameters")
        error = row.get("score_error")
        rows.append(
            [
                f"#{row['trial']}",
                metric_text(searched.get(row["trial"])),
                metric_text(row["score_mean"]),
                "" if error is None else metric_text(error),
                interval_text(row.get("behind")) if row.get("behind") else "",
                str(row.get("num_runs", confirmation["folds"])),
                "" if weights is None else f"{weights:,}",
                *(metric_text(row["r2_mean"].get(task)) for task in column_tasks(study)),
                ", ".join(notes),
            ]
        )
        marks.append(CHOSEN if chosen else BASELINE if row["baseline"] else "")
    head = ["trial", "searched", "confirmed", "± se", "behind the best [95 %]", "runs", "weights"]
    head += [*column_tasks(study), ""]
    seeds = confirmation.get("seeds", 1)
    title = f"confirmed: mean over {confirmation['folds']} folds of train + val"
    title += f" x {seeds} fresh seeds" if seeds > 1 else ", fresh seeds"
    if study.chosen is None:
        title += "; trials have been completed since, so nothing is chosen"
    return Table(title=title, head=head, rows=rows, marks=marks)


def test_table(study: StudyRecord) -> Table | None:
    """Test R² with 95 % intervals of chosen and baseline; `None` before test is opened."""
    confirmation = study.confirmation or {}
    if not confirmation.get("test"):
        return None
    test: Mapping[str, Any] = confirmation["test"]
    columns = [(name, test[name]) for name in ("baseline", "chosen") if name in test]
    others = dict(test.get("simple") or {})
    if "ensemble" in test:
        others = {
            f"ensemble of {len(test['ensemble']['members'])}": test["ensemble"]["r2"],
            **others,
        }
    paired = test.get("difference") or {}
    ceiling = study.attainable.get("test", {})
    rows = []
    for task in task_names(study):
        cells = [interval_text(entry["r2"].get(task)) for _, entry in columns]
        cells += [interval_text(paired.get(task))] if paired else []
        cells += [metric_text(r2.get(task, {}).get("value")) for r2 in others.values()]
        cells += [metric_text(ceiling.get(task))] if ceiling else []
        rows.append([task, *cells, str(test["num_labels"].get(task, ""))])
    names = [f"{name} #{entry['trial']} ({_epochs(entry)})" for name, entry in columns]
    head = ["test R²", *names]
    head += [
        *(["difference"] if paired else []),
        *others,
        *(["attainable"] if ceiling else []),
        "labels",
    ]
    openings = confirmation.get("test_openings", 1)
    times = "once" if openings == 1 else f"{openings} times, so it is a little less than unseen"
    seeds = f", mean of {test['seeds']} seeds" if test.get("seeds", 1) > 1 else ""
    title = f"test split, opened {times}; R² [95 %]{seeds}"
    return Table(title=title, head=head, rows=rows)


def _epochs(entry: Mapping[str, Any]) -> str:
    number = entry["config"]["training"]["epochs"]
    return f"{number} epoch{'s' if number != 1 else ''}"


def verdict(study: StudyRecord) -> list[str]:
    """Whether the chosen one beats the manual's and the best simple baseline on test, in words.

    Decided by the 95 % interval of the paired difference, not by the figures side by side.
    """
    test: Mapping[str, Any] = (study.confirmation or {}).get("test") or {}
    if not test:
        return _unbeaten(study)
    if study.chosen is None:
        told = (
            f"Trials have been completed since test was opened for #{test['chosen']['trial']}; "
            "what stands here of test is of that earlier choice, and the search's command confirms anew."
        )
        return [told, *_unbeaten(study)]
    said = _compared(study, test.get("difference") or {}, "the manual's")
    if test["chosen"]["trial"] == test.get("baseline", {}).get("trial"):
        said = [
            "Nothing that was searched is confirmed to be better than the manual's configuration."
        ]
    if "simple_best" in test:
        best = f"the {test['simple_best']}, the best simple baseline,"
        said += _compared(study, test["difference_to_simple"], best)
    return said


def _unbeaten(study: StudyRecord) -> list[str]:
    """The simple baseline that is above every trial on val, if there is one."""
    best = records.best(study.trials)
    scores = {name: found for name, r2 in study.simple.items() if (found := score(study, r2))}
    name = max(scores, key=lambda name: scores[name], default=None)
    if best is None or best.score is None or name is None or scores[name] <= best.score:
        return []
    told = (
        f"On val no trial beats the {name}: its score is {scores[name]:.3f}, that of the best trial "
        f"{best.score:.3f}."
    )
    return [told]


def _compared(study: StudyRecord, difference: Mapping[str, Any], other: str) -> list[str]:
    said = []
    for task in dict.fromkeys(study.watch):
        gap = difference.get(task)
        if not gap or gap["low"] is None:
            continue
        # What is said of several tasks at once must hold for all of them.
        low, high = gap.get("low_all", gap["low"]), gap.get("high_all", gap["high"])
        how = "beats" if low > 0 else "is worse than" if high < 0 else "is not clearly apart from"
        told = f"a difference in R² of {interval_text(gap)}"
        if "low_all" in gap:
            whole = f"{metric_text(low)}, {metric_text(high)}"
            told += f", [{whole}] where all {len(difference)} tasks are to hold at once"
        said.append(f"On test the chosen configuration {how} {other} in {task}: {told}.")
    return said
