"""`python -m studies.show`: what a study holds, for people and, with `--json`, for programs."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from typing import Any

from avq_core.cli import CommandParser, run_command
from studies import pruning_audit, records
from studies.cli import add_study_options
from studies.confirmed import agreement_table, winners_curse
from studies.errors import StudyError
from studies.records import StudyRecord, TrialRecord
from studies.table import align, figure
from studies.tables import (
    Table,
    column_tasks,
    confirmation_table,
    front_table,
    search_table,
    task_names,
    test_table,
    verdict,
)

_TOP = 5
_WEIGHT = "training.task_weights."


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.show",
        description="Shows a study: trials by state, baseline and best, what was confirmed.",
    )
    add_study_options(parser)
    parser.add_argument(
        "other",
        nargs="?",
        metavar="OTHER",
        help="a second study, to be set beside the first: what they are of, cost and found",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs")
    how.add_argument(
        "--csv", action="store_true", help="a row a trial: state, figures, cost, parameters, reason"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads and prints."""
    # Intermixed: the second study's name may stand behind an option.
    options = build_parser().parse_intermixed_args(argv)
    from studies.storage import list_studies, open_study

    if options.other is not None:
        return _compare(options)
    if options.study is None and len(names := list_studies(options.runs, options.storage)) > 1:
        print(f"studies: {', '.join(names)}; showing {names[0]}", file=sys.stderr)
    study = records.read_study(open_study(options.runs, options.study, options.storage))
    if options.csv:
        print(as_csv(study), end="")
    elif options.json:
        print(json.dumps(summary(study), indent=2, allow_nan=False))
    else:
        print(render(study))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from studies import compare
    from studies.storage import open_study

    if options.csv:
        raise StudyError("--csv is of one study, got two; leave one out, or ask for --json")
    first, second = (
        records.read_study(open_study(options.runs, name, options.storage))
        for name in (options.study, options.other)
    )
    if options.json:
        print(json.dumps(compare.as_json(first, second), indent=2, allow_nan=False))
    else:
        print(compare.render(first, second))
    return 0


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
        "pruner": pruning_audit.summary(study),
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


def render(study: StudyRecord) -> str:
    """A study as text: what the main job closes with."""
    parts = [_headline(study), _text(search_table(study)) or "no finished trial yet"]
    parts += [_text(front_table(study)), _text(confirmation_table(study))]
    parts += [_text(test_table(study)), _text(agreement_table(study))]
    parts += ["\n".join([*winners_curse(study), *verdict(study)]), _top_table(study)]
    parts += [_text(pruning_audit.rung_table(study)), "\n".join(pruning_audit.sentences(study))]
    return "\n\n".join(part for part in parts if part)


def _headline(study: StudyRecord) -> str:
    counts = records.counts(study.trials)
    finished = counts["complete"] + counts["pruned"]
    spent, saved = records.epochs_spent(study.trials), records.epochs_saved(study.trials)
    asked = f" of {study.total}" if study.total and study.total >= finished else ""
    lines = [
        f"study {study.name} on {study.data_source or 'unknown data'}",
        (
            f"trials: {finished}{asked} finished ({counts['complete']} complete, "
            f"{counts['pruned']} pruned), {counts['running']} running, "
            f"{counts['waiting']} waiting, {counts['failed']} failed or handed back"
        ),
    ]
    if study.stopped:
        lines.append(f"stopped: {study.stopped}")
    if spent:
        lines.append(
            f"epochs: {spent} spent, {saved} saved by pruning ({saved / (spent + saved):.0%})"
        )
    return "\n".join(lines)


def _text(table: Table | None) -> str:
    return f"{table.title}\n{align([table.head, *table.rows])}" if table else ""


def _top_table(study: StudyRecord) -> str:
    """A column a trial, a row a setting: a space may search more of them than a line holds."""
    scored = [t for t in study.trials if t.state == "complete" and t.score is not None and t.params]
    ranked = sorted(scored, key=lambda t: -(t.score or 0.0))[:_TOP]
    if not ranked:
        return ""
    shown = column_tasks(study)
    hidden = {f"{_WEIGHT}{task}" for task in task_names(study) if task not in shown}
    names = dict.fromkeys(name for trial in ranked for name in trial.params if name not in hidden)
    rows = [["setting", *(f"#{trial.number}" for trial in ranked)]]
    rows.append(["score", *(figure(trial.score) for trial in ranked)])
    # What a trial was not asked for, since it did not matter there, stays empty.
    for name in names:
        values = [_value(t.params[name]) if name in t.params else "" for t in ranked]
        rows.append([name, *values])
    return f"best trials of the search, as suggested\n{align(rows)}"


def _value(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(run_command(main))
