"""The comments at the top of an exported configuration: provenance, metrics and how to reproduce them.

They are for people; programs find the same under the keys of the file.
"""

import math
import shlex
import textwrap
from collections.abc import Iterator
from typing import Final

from avq_core.display.numbers import metric_text
from avq_core.display.tables import text_table
from studies.export.selection import Export
from studies.records.confirmation import CandidateResult
from studies.records.held_out import IntervalsByTask
from studies.records.intervals import interval_text
from studies.records.provenance import Provenance
from studies.records.trial import RanOn
from studies.summary.winners_curse import luck_text

_WIDTH: Final = 98
_TRAIN: Final = "python -m avq_core.train --config THIS_FILE"


def header(export: Export) -> str:
    """The comments of a file."""
    what = f"trial {export.trial.number}"
    if export.members:
        numbers = ", ".join(str(member.trial) for member in export.members)
        what = f"the ensemble of trials {numbers}"
    lines = [
        f"avq-search: {what} of the study {export.study.name}. Train it with",
        f"  {_TRAIN} --data {_source(export)} --out models/best",
        "",
        "Provenance",
        *_provenance(export),
        "",
        "Metrics",
        *_metrics(export),
        "",
        "Reproduce",
        *_reproduce(export),
    ]
    return "".join(f"# {_safe(line)}".rstrip() + "\n" for line in lines)


def _safe(line: str) -> str:
    """The line without characters that would end the comment or are not allowed in YAML."""
    return "".join(c if c.isprintable() else " " for c in line)


def _text(label: str, sentence: str) -> list[str]:
    """A labelled sentence, wrapped under itself."""
    first, rest = f"  {label:<11}", " " * 13
    return textwrap.wrap(
        _safe(sentence),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _provenance(export: Export) -> Iterator[str]:
    study, identity = export.study, export.study.identity
    keys = ("unknown", "unknown") if identity is None else (identity.data, identity.space)
    for label, name, key in zip(
        ("data", "space"), (study.data_source, study.space.name), keys, strict=True
    ):
        yield from _text(label, f"{name or 'unknown'}, fingerprint {key}")
    rule = None if study.confirmation is None else study.confirmation.rule
    if rule and export.trial.number == study.chosen:
        yield from _text("chosen", rule)
    training = export.config["training"]
    run = "the trial itself" if export.tested is None else "its run for the test split"
    yield from _text("epochs", f"{training['epochs']}, which gave the trial its score")
    yield from _text("seed", f"{training['seed']}, of {run}")
    provenance = study.provenance or Provenance()
    versions = ", ".join(f"{name} {number}" for name, number in provenance.versions.items())
    yield from _text("versions", versions or "not recorded by this study")
    for label, value in (("machine", provenance.machine), ("started", provenance.started)):
        if value:
            yield from _text(label, value)
    if provenance.command:
        yield f"  {'command':<11}{provenance.command}"


def _metrics(export: Export) -> Iterator[str]:
    """R² by task at every stage that the trial reached, and sentences on its scores."""
    study, trial = export.study, export.trial
    columns = {"search, val": {task: metric_text(trial.r2.get(task)) for task in study.tasks}}
    if export.candidate is not None:
        columns["confirmed"] = {t: metric_text(v) for t, v in export.candidate.r2_mean.items()}
    for name, r2 in _tested(export).items():
        columns[name] = {task: interval_text(interval) for task, interval in r2.items()}
    rows = [[f"R² [95 %] of #{trial.number}", *columns]]
    for task in study.tasks:
        marked = f"{task} *" if task in study.watch.tasks else task
        rows.append([marked, *(column.get(task, "n/a") for column in columns.values())])
    yield from (f"  {line}" for line in text_table(rows).splitlines())
    yield from _text("search", f"score {metric_text(trial.score)} of the watched tasks (*) on val")
    if export.candidate is not None:
        yield from _confirmation_sentences(export, export.candidate)


def _tested(export: Export) -> dict[str, IntervalsByTask]:
    """Columns of R² on test, by name."""
    columns: dict[str, IntervalsByTask] = {}
    if export.tested is not None:
        columns["test"] = export.tested.r2
        if export.tested.r2_first is not None:
            columns["test, first seed"] = export.tested.r2_first
    test = export.study.test
    if export.members and test is not None and test.ensemble is not None:
        columns["ensemble, test"] = test.ensemble.r2
    return columns


def _confirmation_sentences(export: Export, candidate: CandidateResult) -> Iterator[str]:
    confirmation = export.study.confirmation
    if confirmation is None:
        return
    seeds = f"{confirmation.seeds} fresh seed{'s' if confirmation.seeds != 1 else ''}"
    spread = f"score {metric_text(candidate.score_mean)} ± {metric_text(candidate.score_std)} sd"
    if not math.isnan(candidate.score_error):
        spread += f" (standard error {metric_text(candidate.score_error)})"
    runs = f"{candidate.num_runs} of the runs on {confirmation.folds} folds and {seeds} each"
    luck = luck_text(confirmation, candidate)
    yield from _text(
        "confirmed", f"{spread} over {runs} of train + val" + (f". {luck}" if luck else "")
    )
    if export.tested is not None and confirmation.test is not None:
        seeds_of_test, openings = confirmation.test.seeds, confirmation.test_openings
        mean = f"mean of {seeds_of_test} seeds, " if seeds_of_test > 1 else ""
        times = "once" if openings == 1 else f"{openings} times"
        yield from _text("test", f"{mean}opened {times}")


def _reproduce(export: Export) -> Iterator[str]:
    """Commands, each under the metrics that it reproduces."""
    tested = None if export.study.test is None else export.study.test.trained_on
    searched = export.trial.ran_on
    command = f"{_TRAIN} --data {_source(export)} --out DIR"
    is_known = searched is not None
    if export.members:
        is_known = tested is not None
        yield f"  ensemble, test: {command}{_device_options(tested)}"
    elif export.tested is not None:
        by_seed = export.tested.r2_first is not None
        is_known = tested is not None and searched is not None
        yield f"  test{', first seed' if by_seed else ''}: {command}{_device_options(tested)}"
        yield f"  search, val: {command}{_device_options(searched)} --seed {export.search_seed}"
    else:
        yield f"  search, val: {command}{_device_options(searched)}"
    if (
        searched is not None
        and searched.precision
        and export.config["training"]["precision"] == "auto"
    ):
        yield f"  (its matrix products were {searched.precision}; this file of an earlier release leaves that open)"
    same_device = "" if is_known else " with the --device and --threads of its workers,"
    yield from _text(
        "",
        f"Reproduced to the last digit on the same data,{same_device} on a machine of the same kind with "
        "the same versions; elsewhere metrics differ as much as with another seed.",
    )


def _device_options(ran_on: RanOn | None) -> str:
    """The options that select the device and the number of threads."""
    return "" if ran_on is None else f" --device {ran_on.device} --threads {ran_on.threads}"


def _source(export: Export) -> str:
    return shlex.quote(export.study.data_source or "DATA")
