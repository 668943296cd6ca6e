"""Two studies side by side: data, space and settings, costs, results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avq_core.display.numbers import metric_text
from avq_core.display.tables import text_table
from studies.points import Point, flat
from studies.records.codec import JsonObject
from studies.records.confirmation import Confirmation
from studies.records.held_out import IntervalsByTask, TestResult
from studies.records.intervals import interval_text
from studies.records.provenance import SearchedParameter
from studies.records.study import StudyRecord
from studies.summary.values import summary
from studies.summary.winners_curse import score_with_error

_SHOWN: Final = 12
"""Number of digits of a fingerprint that a reader sees."""
_MANUAL: Final = "the manual's"
_CHOOSE_BY_CONFIRMED: Final = (
    "Choose between them by the confirmed scores: a choice by test R² makes the test R² of the "
    "chosen study too high."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A difference between the data, spaces or settings of two studies."""

    kind: str
    """`data`, `space` or `settings`."""
    name: str
    values: tuple[str, str]
    """Values as text, of the first and of the second study."""


def as_json(first: StudyRecord, second: StudyRecord) -> JsonObject:
    """The comparison for `--json`: both summaries, differences, whether metrics can be compared."""
    unlike = differences(first, second)
    kinds = {difference.kind for difference in unlike}
    return {
        "studies": [summary(first), summary(second)],
        "same": {kind: kind not in kinds for kind in ("data", "space", "settings")},
        "comparable": not any(d.kind == "data" for d in unlike),
        "differences": [{"kind": d.kind, "name": d.name, "values": list(d.values)} for d in unlike],
        "seconds": [first.seconds, second.seconds],
    }


def render(first: StudyRecord, second: StudyRecord) -> str:
    """The comparison as text."""
    unlike = differences(first, second)
    parts = [f"{first.name} compared with {second.name}", _verdict(first, second, unlike)]
    if unlike:
        rows = [[f"{d.kind}: {d.name}", *d.values] for d in unlike]
        parts.append(text_table([["what differs", first.name, second.name], *rows]))
    tasks = list(dict.fromkeys((*first.watch.tasks, *second.watch.tasks)))
    columns = zip(_column(first, tasks), _column(second, tasks), strict=True)
    # A stage that neither study has reached is named without its metrics.
    rows = [[name, one, other] for (name, one), (_, other) in columns if one or other]
    parts.append(text_table([["", first.name, second.name], *rows]))
    return "\n\n".join(parts)


def differences(first: StudyRecord, second: StudyRecord) -> list[Difference]:
    """All differences between the data, spaces and settings of two studies."""
    all_differences: list[Difference] = []
    if not _share_data(first, second):
        named = (_named_data(first), _named_data(second))
        all_differences.append(Difference(kind="data", name="fingerprint", values=named))
    all_differences += _unlike("space", _searched(first), _searched(second), missing=_MANUAL)
    all_differences += _unlike("settings", _settings(first), _settings(second), missing="nothing")
    return all_differences


def _share_data(first: StudyRecord, second: StudyRecord) -> bool:
    """Whether both have the same data; false where one of them does not record its data."""
    identities = (first.identity, second.identity)
    return None not in identities and len({i.data for i in identities if i is not None}) == 1


def _named_data(study: StudyRecord) -> str:
    fingerprint = "unknown" if study.identity is None else study.identity.data[:_SHOWN]
    return f"{study.data_source or 'unknown'} ({fingerprint})"


def _settings(study: StudyRecord) -> Point:
    return {} if study.identity is None else flat(study.identity.settings)


def _unlike(
    kind: str, first: Mapping[str, Any], second: Mapping[str, Any], *, missing: str
) -> Iterator[Difference]:
    for name in dict.fromkeys((*first, *second)):
        values = (first.get(name, missing), second.get(name, missing))
        if values[0] != values[1]:
            yield Difference(kind=kind, name=name, values=(str(values[0]), str(values[1])))


def _searched(study: StudyRecord) -> dict[str, str]:
    """The bounds or value of each setting that a space searches or fixes, as text."""
    space = study.space
    searched = {path: _bounds(parameter) for path, parameter in space.parameters.items()}
    return searched | {path: f"fixed at {value}" for path, value in space.fixed.items()}


def _bounds(parameter: SearchedParameter) -> str:
    if parameter.choices is not None:
        bounds = f"one of {', '.join(map(str, parameter.choices))}"
    else:
        bounds = f"{parameter.low:g} to {parameter.high:g}"
        bounds += " (log)" if parameter.log else ""
        bounds += f" in steps of {parameter.step}" if parameter.step != 1 else ""
    for path, values in parameter.when.items():
        bounds += f", when {path} is {' or '.join(map(str, values))}"
    return bounds


def _verdict(first: StudyRecord, second: StudyRecord, unlike: list[Difference]) -> str:
    """Sentences on whether the metrics below can be compared."""
    if any(d.kind == "data" for d in unlike):
        return (
            "The data or its preparation differs: metrics of one study cannot be compared with those "
            "of the other."
        )
    key = "unknown" if first.identity is None else first.identity.data[:_SHOWN]
    lines = [f"Both studies have the same data ({first.data_source}, {key})."]
    if first.watch != second.watch:
        lines.append("Their scores weight the tasks differently; only R² by task can be compared.")
    lines += [
        "A search score is the best of many noisy scores: the more trials, the better it looks.",
        _CHOOSE_BY_CONFIRMED,
    ]
    return "\n".join(lines)


def _column(study: StudyRecord, tasks: Sequence[str]) -> list[tuple[str, str]]:
    """A study's counts, costs and metrics, each with its name; the same rows for every study."""
    counts = study.counts
    rows = [("trials finished", str(counts.finished))]
    rows += [
        ("  complete", str(counts.complete)),
        ("  pruned", str(counts.pruned)),
        ("  failed", str(counts.failed)),
        ("epochs spent", str(study.epochs_spent)),
        ("epochs saved by pruning", str(study.epochs_saved)),
        ("time of all trials", _duration(study.seconds)),
    ]
    for name, trial in (("baseline", study.baseline), ("best", study.best)):
        rows.append((f"{name}, val", f"#{trial.number}" if trial else "none"))
        rows.append(("  score", metric_text(trial.score) if trial else ""))
        rows += [(f"  {task}", metric_text(trial.r2.get(task)) if trial else "") for task in tasks]
    confirmation = study.confirmation or Confirmation()
    chosen = confirmation.candidate(study.chosen)
    rows.append(("chosen, confirmed", f"#{chosen.trial}" if chosen else "none"))
    rows.append(("  score", score_with_error(chosen) if chosen else ""))
    rows += [
        (f"  {task}", metric_text(chosen.r2_mean.get(task)) if chosen else "") for task in tasks
    ]
    for name, (trials, r2) in _tested(confirmation.test).items():
        rows.append((f"{name}, test [95 %]", " ".join(f"#{t}" for t in trials) or "none"))
        rows += [(f"  {t}", interval_text(r2.get(t)) if trials else "") for t in tasks]
    openings = confirmation.test_openings
    rows.append(("test opened", "once" if openings == 1 else f"{openings} times"))
    return rows


def _tested(test: TestResult | None) -> dict[str, tuple[list[int], IntervalsByTask]]:
    """Trials and R² on test of manual baseline, chosen trial and ensemble; empty where not tested."""
    tested: dict[str, tuple[list[int], IntervalsByTask]] = {
        name: ([], {}) for name in ("baseline", "chosen", "ensemble")
    }
    if test is None:
        return tested
    tested["chosen"] = ([test.chosen.trial], test.chosen.r2)
    if test.baseline is not None:
        tested["baseline"] = ([test.baseline.trial], test.baseline.r2)
    if test.ensemble is not None:
        tested["ensemble"] = ([m.trial for m in test.ensemble.members], test.ensemble.r2)
    return tested


def _duration(length: float) -> str:
    minutes, rest = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
