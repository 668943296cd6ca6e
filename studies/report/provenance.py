"""The report's sections on what the study is of: data, how to reproduce it, all trials."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from avq_core.display.numbers import metric_text
from studies import records
from studies.points import flat
from studies.records import StudyRecord, TrialRecord
from studies.report.document import Block, Code, Folded, Points, Section
from studies.summary.tables import BASELINE, CHOSEN
from studies.table import Table

_NOT_NOTED = "not noted by this study"


def origin_sections(study: StudyRecord) -> Iterator[Section]:
    """The data, how to reproduce the study, and all trials."""
    audited = _audit(study)
    if audited:
        yield Section(anchor="data", title="Data", short="Data", blocks=audited)
    yield Section(
        anchor="reproduce",
        title="Reproduce",
        short="Reproduce",
        blocks=_reproduce(study),
    )
    if study.trials:
        yield Section(
            anchor="trials",
            title="All trials",
            short="Trials",
            blocks=[Folded(table=trial_table(study))],
        )


def _audit(study: StudyRecord) -> list[Block]:
    found = study.audit or {}
    blocks: list[Block] = []
    if "findings" in found:
        told = [
            f"{one['level']}: {one['message']}" + (f" ({one['mend']})" if one.get("mend") else "")
            for one in found["findings"]
        ]
        blocks.append(Points(sentences=told) if told else "The data audit found nothing.")
    if splits := found.get("splits"):
        rows = [[str(s["split"]), str(s["samples"]), _or_none(s.get("groups"))] for s in splits]
        blocks.append(Table(title="splits", head=["split", "clips", "groups"], rows=rows))
    if tasks := found.get("tasks"):
        blocks.append(_label_table(tasks))
    if streams := found.get("streams"):
        rows = [
            [
                str(s["stream"]),
                str(s["split"]),
                " × ".join(map(str, s["shape"])),
                str(s.get("nan", "")),
            ]
            for s in streams
        ]
        head = ["stream", "split", "shape", "NaN"]
        blocks.append(Folded(table=Table(title="streams", head=head, rows=rows)))
    return blocks


def _or_none(value: object) -> str:
    return "none named" if value in {None, 0} else str(value)


def _label_table(tasks: Sequence[Mapping[str, Any]]) -> Table:
    """A row a task, two columns a split: labels that are valid, share that is missing."""
    splits = list(dict.fromkeys(row["split"] for row in tasks))
    cells = {(row["task"], row["split"]): row for row in tasks}
    rows = []
    for task in dict.fromkeys(row["task"] for row in tasks):
        own = [cells.get((task, split)) for split in splits]
        shown = [
            f"{row['valid']} ({row['missing_share']:.0%} missing)" if row else "" for row in own
        ]
        rows.append([str(task), *shown])
    return Table(title="valid labels", head=["task", *map(str, splits)], rows=rows)


def _reproduce(study: StudyRecord) -> list[Block]:
    made = study.made_with or {}
    blocks: list[Block] = []
    if command := made.get("command"):
        blocks += ["The study, by the same command:", Code(lines=[str(command)])]
    test = (study.confirmation or {}).get("test") or {}
    if records.best(study.trials) is not None or study.chosen is not None:
        what = "The chosen configuration" if study.chosen is not None else "The best configuration"
        figures = "its figures on test" if test and study.chosen is not None else "its figures"
        if "r2_first" in test.get("chosen", {}):
            figures += ", those of the first seed's run"
        where = "to the digit on a machine of the same kind with the same versions"
        blocks += [f"{what}, and {figures}, {where}:", Code(lines=_train_commands(study, test))]
    blocks.append(Table(title="provenance", head=["", ""], rows=_made_of(study, made)))
    opened = (study.confirmation or {}).get("openings") or []
    if opened:
        rows = [
            [_when(str(one.get("when", ""))), ", ".join(f"#{n}" for n in one.get("for", []))]
            for one in opened
        ]
        counted = (study.confirmation or {}).get("test_openings", len(rows))
        title = f"openings of the test split: {counted}"
        if counted > len(rows):
            title += " (the earlier ones were not dated)"
        blocks.append(Table(title=title, head=["when (UTC)", "for"], rows=rows))
    return blocks


def _train_commands(study: StudyRecord, test: Mapping[str, Any]) -> list[str]:
    data = shlex.quote(study.data_source or "DATA")
    where = test.get("trained_on") or {}
    options = "".join(f" --{name} {shlex.quote(str(value))}" for name, value in where.items())
    # With = a name that begins with a hyphen is no option.
    name = shlex.quote(study.name)
    name = f"-- {name}" if study.name.startswith("-") else name
    return [
        f"python -m studies.export --out best.yaml {name}",
        f"python -m avq_core.train --config best.yaml --data {data} --out models/best{options}",
    ]


def _made_of(study: StudyRecord, made: Mapping[str, Any]) -> list[list[str]]:
    versions = ", ".join(f"{name} {number}" for name, number in made.get("versions", {}).items())
    space, settings = study.space.get("name"), study.identity.get("settings", {})
    rows = [
        ["data", study.data_source or _NOT_NOTED],
        ["data fingerprint", str(study.identity.get("data") or _NOT_NOTED)],
        ["space", str(space or _NOT_NOTED)],
        ["space fingerprint", str(study.identity.get("space") or _NOT_NOTED)],
        *([f"setting {name}", str(value)] for name, value in flat(settings).items()),
        ["versions", versions or _NOT_NOTED],
        ["machine", str(made.get("machine") or _NOT_NOTED)],
        ["started", _when(str(made.get("started") or "")) or _NOT_NOTED],
    ]
    test = (study.confirmation or {}).get("test") or {}
    chosen = test.get("chosen") or {}
    if "config" in chosen:
        seed = chosen["config"].get("training", {}).get("seed")
        rows.append(["seed of the chosen run on test", str(seed)])
    return rows


def _when(iso: str) -> str:
    return iso.replace("T", " ").removesuffix("+00:00")


def trial_table(study: StudyRecord) -> Table:
    """Every trial with its metrics, what it cost and why it ended."""
    best = records.best(study.trials)
    watched = list(dict.fromkeys(study.watch))
    rows, marks = [], []
    for trial in study.trials:
        seconds = "" if trial.seconds is None else f"{trial.seconds:.0f}"
        epochs = f"{trial.epochs} of {trial.planned_epochs}" if trial.planned_epochs else ""
        figures = [metric_text(trial.r2.get(task)) for task in watched]
        cells = [
            f"#{trial.number}",
            trial.state,
            metric_text(trial.score),
            *figures,
            epochs,
            seconds,
        ]
        rows.append([*cells, trial.reason or ""])
        marks.append(_mark(trial, best))
    head = ["trial", "state", "score", *watched, "epochs", "seconds", "why it ended"]
    title = f"{len(rows)} trial{'s'[: len(rows) != 1]}, with reasons"
    return Table(title=title, head=head, rows=rows, marks=marks)


def _mark(trial: TrialRecord, best: TrialRecord | None) -> str:
    if best is not None and trial.number == best.number:
        return CHOSEN
    return BASELINE if trial.baseline else ""
