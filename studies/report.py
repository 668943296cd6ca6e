"""`python -m studies.report`: a study as one HTML page that needs nothing but itself."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from avq_core.cli import CommandParser, run_command
from studies import plots, records
from studies.cli import add_study_options
from studies.export import write
from studies.pruning_audit import rung_table, sentences
from studies.records import StudyRecord, TrialRecord
from studies.table import figure
from studies.tables import (
    Table,
    confirmation_table,
    front_table,
    search_table,
    test_table,
    verdict,
)

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; margin: 2rem auto; max-width: 56rem;
  padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.lead { font-size: 1.1rem; } .note { color: #52606d; } .plots { display: flex; flex-wrap: wrap; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.87rem; }
td { white-space: nowrap; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #e1e5ea; text-align: right; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom-color: #7b8794; }
td.words { text-align: left; min-width: 18rem; white-space: normal; } tr.best { background: #e6f4ef; }
tr.baseline { background: #fdeee4; } summary { cursor: pointer; }
"""
_EDGE_NOTE: Final = (
    "Point at a mark to read its figures. The worst few may lie below a plot's range: they are "
    "drawn on its edge."
)
_SETTINGS_NOTE: Final = (
    "Score against each setting that was searched, as suggested; task weights count relative to "
    "each other."
)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m studies.report",
        description="Writes a study as one self-contained HTML page with plots and tables.",
    )
    add_study_options(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: RUNS/STUDY/report.html)"
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Reads the study and writes the page."""
    options = build_parser().parse_args(argv)
    from studies.storage import open_study

    study = records.read_study(open_study(options.runs, options.study, options.storage))
    out = options.out or options.runs / study.name / "report.html"
    write(out, page(study))
    print(f"report of {study.name}: {out}")
    return 0


_UNCONFIRMED: Final = (
    "The best of many noisy figures looks better than it is, and these are not confirmed yet."
)


def page(study: StudyRecord) -> str:
    """The whole page."""
    name = escape(study.name)
    confirmed, tested = confirmation_table(study), test_table(study)
    parts = [
        f"<h1>{name}</h1>",
        f"<p class='note'>{escape(_what(study))}</p>",
        *(f"<p class='lead'>{escape(sentence)}</p>" for sentence in headline(study)),
        "<h2>Baseline and best, as the search saw them</h2>",
        _set(search_table(study)) or "<p>No trial is complete yet.</p>",
        _set(front_table(study)),
        "<h2>Confirmed with fresh seeds</h2>" + _set(confirmed) if confirmed else "",
        "<h2>The test split</h2>" + _set(tested) if tested else "",
    ]
    if any(trial.score is not None for trial in study.trials):
        parts += [
            "<h2>How the search went</h2>",
            f"<p class='note'>{_EDGE_NOTE}</p>",
            _plots([plots.history(study), plots.watched(study)]),
            _plots([plots.curves(study, task) for task in dict.fromkeys(study.watch)]),
            "<h2>What each setting did</h2>",
            f"<p class='note'>{_SETTINGS_NOTE}</p>",
            _plots(plots.parameters(study)),
        ]
        if rungs := rung_table(study):
            told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(study))
            parts += ["<h2>Was the pruner right?</h2>", told, _set(rungs)]
    parts += ["<h2>Every trial</h2>", _trial_table(study)]
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{name}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def headline(study: StudyRecord) -> list[str]:
    """What came of the study, in a few plain sentences."""
    best, baseline = records.best(study.trials), records.baseline(study.trials)
    if best is None:
        return ["No trial is complete yet."]
    searched = [f"In the search, trial #{best.number} reached {_watched(study, best.r2)} on val."]
    if best.baseline:
        searched = ["No trial is better than the manual's configuration yet."]
    elif baseline is not None and baseline.score is not None:
        searched.append(
            f"The manual's configuration (#{baseline.number}) reached "
            f"{_watched(study, baseline.r2)}."
        )
    test = (study.confirmation or {}).get("test")
    if not test or study.chosen is None:
        return [
            *searched,
            *verdict(study),
            _UNCONFIRMED,
        ]
    # The number to believe comes first.
    values = {task: entry["value"] for task, entry in test["chosen"]["r2"].items()}
    tested = (
        f"Trial #{study.chosen}, chosen on folds with fresh seeds, reaches "
        f"{_watched(study, values)} on the test split."
    )
    return [
        tested,
        *verdict(study),
        *searched,
    ]


def _what(study: StudyRecord) -> str:
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


def _watched(study: StudyRecord, r2: Mapping[str, float | None]) -> str:
    return " and ".join(f"{task} R² {figure(r2.get(task))}" for task in dict.fromkeys(study.watch))


def _set(table: Table | None) -> str:
    """A table as HTML, its title above it."""
    if table is None:
        return ""
    note = f"<p class='note'>{escape(table.title)}</p>"
    return note + _table(table.head, table.rows, classes=table.marks)


def _trial_table(study: StudyRecord) -> str:
    best = records.best(study.trials)
    watched = list(dict.fromkeys(study.watch))
    rows, classes = [], []
    for trial in study.trials:
        figures = [figure(trial.r2.get(task)) for task in watched]
        seconds = "" if trial.seconds is None else f"{trial.seconds:.0f}"
        epochs = f"{trial.epochs} of {trial.planned_epochs}" if trial.planned_epochs else ""
        cells = [f"#{trial.number}", trial.state, figure(trial.score), *figures, epochs, seconds]
        rows.append([*cells, trial.reason or ""])
        classes.append(_row_class(trial, best))
    head = ["trial", "state", "score", *watched, "epochs", "seconds", "why it ended"]
    table = _table(head, rows, classes=classes, words=True)
    return f"<details><summary>{len(rows)} trials, with reasons</summary>{table}</details>"


def _row_class(trial: TrialRecord, best: TrialRecord | None) -> str:
    if best is not None and trial.number == best.number:
        return "best"
    return "baseline" if trial.baseline else ""


def _table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    classes: Sequence[str] = (),
    words: bool = False,
) -> str:
    """An HTML table; `words` sets the last column as text."""
    titles = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    lines = []
    for place, row in enumerate(rows):
        cells = [f"<td>{escape(cell)}</td>" for cell in row]
        if words:
            cells[-1] = f"<td class='words'>{escape(row[-1])}</td>"
        kind = f" class='{classes[place]}'" if place < len(classes) and classes[place] else ""
        lines.append(f"<tr{kind}>{''.join(cells)}</tr>")
    return (
        f"<div class='wide'><table><thead><tr>{titles}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _plots(drawings: Sequence[str]) -> str:
    return f"<div class='plots'>{''.join(drawings)}</div>"


if __name__ == "__main__":
    sys.exit(run_command(main))
