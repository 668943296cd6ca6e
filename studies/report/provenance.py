"""The report's sections on provenance: data, how to reproduce the study, all trials."""

import shlex
from collections.abc import Iterator, Sequence

from avq_core.display.numbers import metric_text
from studies.points import flat
from studies.records.confirmation import Confirmation
from studies.records.provenance import LabelCount, Provenance
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.report.document import Block, Code, Folded, Points, Section
from studies.summary.tables import BASELINE, CHOSEN
from studies.table import Table

_NOT_RECORDED = "not recorded by this study"


def provenance_sections(study: StudyRecord) -> Iterator[Section]:
    """The data, how to reproduce the study, and all trials."""
    audit_blocks = _audit(study)
    if audit_blocks:
        yield Section(anchor="data", title="Data", short="Data", blocks=audit_blocks)
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
    audit = study.data_audit
    if audit is None:
        return []
    findings = [
        f"{finding.level}: {finding.message}" + (f" ({finding.mend})" if finding.mend else "")
        for finding in audit.findings
    ]
    blocks: list[Block] = [
        Points(sentences=findings) if findings else "The data audit found nothing."
    ]
    if audit.splits:
        rows = [
            [size.split, str(size.samples), str(size.groups or "none named")]
            for size in audit.splits
        ]
        blocks.append(Table(title="splits", head=["split", "clips", "groups"], rows=rows))
    if audit.tasks:
        blocks.append(_label_table(audit.tasks))
    if audit.streams:
        rows = [
            [
                size.stream,
                size.split,
                " × ".join(map(str, size.shape)),
                "" if size.nan is None else str(size.nan),
            ]
            for size in audit.streams
        ]
        head = ["stream", "split", "shape", "NaN"]
        blocks.append(Folded(table=Table(title="streams", head=head, rows=rows)))
    return blocks


def _label_table(counts: Sequence[LabelCount]) -> Table:
    """Number of valid labels and share of missing ones, by task and split."""
    splits = list(dict.fromkeys(count.split for count in counts))
    cells = {
        (count.task, count.split): f"{count.valid} ({count.missing_share:.0%} missing)"
        for count in counts
    }
    rows = [
        [task, *(cells.get((task, split), "") for split in splits)]
        for task in dict.fromkeys(count.task for count in counts)
    ]
    return Table(title="valid labels", head=["task", *splits], rows=rows)


def _reproduce(study: StudyRecord) -> list[Block]:
    provenance = study.provenance or Provenance()
    blocks: list[Block] = []
    if provenance.command:
        blocks += ["The same command reproduces the study:", Code(lines=[provenance.command])]
    if study.best is not None or study.chosen is not None:
        blocks += [f"{_what_repeats(study)}:", Code(lines=_train_commands(study))]
    blocks.append(Table(title="provenance", head=["", ""], rows=_made_of(study, provenance)))
    openings = _opening_table(study.confirmation or Confirmation())
    return [*blocks, *([openings] if openings else [])]


def _what_repeats(study: StudyRecord) -> str:
    what, metrics = "The best configuration", "its metrics"
    if study.chosen is not None:
        what = "The chosen configuration"
        metrics = "its metrics on test" if study.test else metrics
    if study.test is not None and study.test.chosen.r2_first is not None:
        metrics += ", those of the first seed's run"
    conditions = "to the last digit on a machine of the same kind with the same versions"
    return f"{what} and {metrics}, {conditions}"


def _opening_table(confirmation: Confirmation) -> Table | None:
    """When the test split was opened and for which trials; `None` where it never was."""
    if not confirmation.openings:
        return None
    rows = [
        [_when(opening.when), ", ".join(f"#{number}" for number in opening.trials)]
        for opening in confirmation.openings
    ]
    title = f"openings of the test split: {confirmation.test_openings}"
    return Table(title=title, head=["when (UTC)", "for"], rows=rows)


def _train_commands(study: StudyRecord) -> list[str]:
    data = shlex.quote(study.data_source or "DATA")
    ran_on = None if study.test is None else study.test.trained_on
    options = "" if ran_on is None else f" --device {shlex.quote(ran_on.device)}"
    options += "" if ran_on is None else f" --threads {ran_on.threads}"
    # After `--`, a name that begins with a hyphen is not taken for an option.
    name = shlex.quote(study.name)
    name = f"-- {name}" if study.name.startswith("-") else name
    return [
        f"python -m studies.export --out best.yaml {name}",
        f"python -m avq_core.train --config best.yaml --data {data} --out models/best{options}",
    ]


def _made_of(study: StudyRecord, provenance: Provenance) -> list[list[str]]:
    versions = ", ".join(f"{name} {number}" for name, number in provenance.versions.items())
    identity = study.identity
    settings = {} if identity is None else flat(identity.settings)
    rows = [
        ["data", study.data_source or _NOT_RECORDED],
        ["data fingerprint", _NOT_RECORDED if identity is None else identity.data],
        ["space", study.space.name or _NOT_RECORDED],
        ["space fingerprint", _NOT_RECORDED if identity is None else identity.space],
        *([f"setting {name}", str(value)] for name, value in settings.items()),
        ["versions", versions or _NOT_RECORDED],
        ["machine", provenance.machine or _NOT_RECORDED],
        ["started", _when(provenance.started or "") or _NOT_RECORDED],
    ]
    if study.test is not None:
        seed = study.test.chosen.config.get("training", {}).get("seed")
        rows.append(["seed of the chosen run on test", str(seed)])
    return rows


def _when(iso: str) -> str:
    return iso.replace("T", " ").removesuffix("+00:00")


def trial_table(study: StudyRecord) -> Table:
    """Every trial with its metrics, its cost and the reason why it ended."""
    best = study.best
    watched = list(study.watch.tasks)
    rows, marks = [], []
    for trial in study.trials:
        seconds = "" if trial.seconds is None else f"{trial.seconds:.0f}"
        epochs = f"{trial.epochs} of {trial.planned_epochs}" if trial.planned_epochs else ""
        metrics = [metric_text(trial.r2.get(task)) for task in watched]
        cells = [
            f"#{trial.number}",
            trial.state,
            metric_text(trial.score),
            *metrics,
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
