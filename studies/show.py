"""`python -m studies.show`: what a study holds, for people and, with `--json`, for programs."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from avq_core.cli import CommandParser, run_command
from studies import records
from studies.cli import add_study_options
from studies.records import StudyRecord, TrialRecord
from studies.table import align, figure

_TOP = 5


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.show",
        description="Shows a study: trials by state, baseline and best, what was confirmed.",
    )
    add_study_options(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads and prints."""
    options = build_parser().parse_args(argv)
    from studies.storage import list_studies, open_study

    if options.study is None and len(names := list_studies(options.runs, options.storage)) > 1:
        print(f"studies: {', '.join(names)}; showing {names[0]}", file=sys.stderr)
    study = records.read_study(open_study(options.runs, options.study, options.storage))
    if options.json:
        print(json.dumps(summary(study), indent=2, allow_nan=False))
    else:
        print(render(study))
    return 0


def summary(study: StudyRecord) -> dict[str, Any]:
    """A study in few values, as JSON takes them."""
    return {
        "study": study.name,
        "data": study.data_source,
        "total": study.total,
        "counts": records.counts(study.trials),
        "epochs": {
            "spent": records.epochs_spent(study.trials),
            "saved": records.epochs_saved(study.trials),
        },
        "best": _short(study, records.best(study.trials)),
        "baseline": _short(study, records.baseline(study.trials)),
        "chosen": study.chosen,
        "confirmation": study.confirmation,
    }


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


def render(study: StudyRecord) -> str:
    """A study as text: what the main job closes with."""
    parts = [_headline(study), _search_table(study)]
    if study.confirmation and "candidates" in study.confirmation:
        parts.append(_confirmation_table(study, study.confirmation["candidates"]))
    if study.confirmation and "test" in study.confirmation:
        parts.append(_test_table(study, study.confirmation["test"]))
    parts.append(_top_table(study))
    return "\n\n".join(part for part in parts if part)


def _headline(study: StudyRecord) -> str:
    counts = records.counts(study.trials)
    finished = counts["complete"] + counts["pruned"]
    spent, saved = records.epochs_spent(study.trials), records.epochs_saved(study.trials)
    asked = f" of {study.total}" if study.total else ""
    lines = [
        f"study {study.name} on {study.data_source or 'unknown data'}",
        (
            f"trials: {finished}{asked} finished ({counts['complete']} complete, "
            f"{counts['pruned']} pruned), {counts['running']} running, "
            f"{counts['waiting']} waiting, {counts['failed']} failed or handed back"
        ),
    ]
    if spent:
        lines.append(
            f"epochs: {spent} spent, {saved} saved by pruning ({saved / (spent + saved):.0%})"
        )
    return "\n".join(lines)


def _search_table(study: StudyRecord) -> str:
    """Validation R² of baseline and best, a row a task."""
    first, best = records.baseline(study.trials), records.best(study.trials)
    columns = [
        (name, trial) for name, trial in (("baseline", first), ("best", best)) if trial is not None
    ]
    if not columns:
        return "no finished trial yet"
    names = [f"{name} #{trial.number}" for name, trial in columns]
    rows = [["validation R²", *names, "labels"]]
    rows.append(["score", *(figure(trial.score) for _, trial in columns), ""])
    labels = columns[-1][1].num_labels
    for task in task_names(study):
        marked = f"{task} *" if task in study.watch else task
        values = [figure(trial.r2.get(task)) for _, trial in columns]
        rows.append([marked, *values, str(labels.get(task, ""))])
    rows.append(
        ["epochs, seconds"]
        + [f"{t.epochs}, {t.seconds:.0f} s" if t.seconds else str(t.epochs) for _, t in columns]
        + [""]
    )
    return f"found by the search (* watched)\n{align(rows)}"


def _confirmation_table(study: StudyRecord, rows: Sequence[Mapping[str, Any]]) -> str:
    folds = (study.confirmation or {}).get("folds")
    table = [["trial", "score", "± sd", *task_names(study), ""]]
    for row in sorted(rows, key=lambda row: -row["score_mean"]):
        notes = [
            n
            for n, yes in (("baseline", row["baseline"]), ("chosen", row["trial"] == study.chosen))
            if yes
        ]
        table.append(
            [
                f"#{row['trial']}",
                figure(row["score_mean"]),
                figure(row["score_std"]),
                *(figure(row["r2_mean"].get(task)) for task in task_names(study)),
                ", ".join(notes),
            ]
        )
    return f"confirmed: mean R² over {folds} folds of train + val, fresh seeds\n{align(table)}"


def _test_table(study: StudyRecord, test: Mapping[str, Any]) -> str:
    """Test R² with 95 % intervals of the chosen one and the baseline."""
    columns = [(name, test[name]) for name in ("baseline", "chosen") if name in test]
    head = ["test R² [95 %]", *(f"{name} #{entry['trial']}" for name, entry in columns)]
    paired = test.get("difference") or {}
    table = [[*head, *(["difference"] if paired else []), "labels"]]
    for task in task_names(study):
        cells = [interval_text(entry["r2"].get(task)) for _, entry in columns]
        gap = [interval_text(paired.get(task))] if paired else []
        table.append([task, *cells, *gap, str(test["num_labels"].get(task, ""))])
    openings = (study.confirmation or {}).get("test_openings", 1)
    times = "once" if openings == 1 else f"{openings} times, so it is a little less than unseen"
    return f"test split, opened {times}\n{align(table)}"


def interval_text(interval: Mapping[str, float | None] | None) -> str:
    """A figure with its interval: `0.310 [0.210, 0.410]`; `n/a` where it is not defined."""
    if not interval or interval["value"] is None:
        return "n/a"
    if interval["low"] is None:
        return figure(interval["value"])
    return f"{figure(interval['value'])} [{figure(interval['low'])}, {figure(interval['high'])}]"


def _top_table(study: StudyRecord) -> str:
    scored = [t for t in study.trials if t.state == "complete" and t.score is not None and t.params]
    ranked = sorted(scored, key=lambda t: -(t.score or 0.0))[:_TOP]
    if not ranked:
        return ""
    names = list(ranked[0].params)
    rows = [["trial", "score", *(name.rsplit(".", 1)[-1] for name in names)]]
    for trial in ranked:
        values = [_value(trial.params.get(name)) for name in names]
        rows.append([f"#{trial.number}", figure(trial.score), *values])
    return f"best trials of the search, as suggested\n{align(rows)}"


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def task_names(study: StudyRecord) -> list[str]:
    """The study's tasks; those of its trials where a study names none."""
    return study.tasks or sorted({task for trial in study.trials for task in trial.r2})


if __name__ == "__main__":
    sys.exit(run_command(main))
