"""Two studies side by side: what they are of, what they cost, what they found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avq_core.display.numbers import metric_text
from avq_core.display.tables import text_table
from studies.points import flat
from studies.records.confirmation import Confirmation
from studies.records.held_out import IntervalsByTask, TestResult
from studies.records.intervals import interval_text
from studies.records.provenance import SearchedParameter
from studies.records.study import StudyRecord
from studies.summary.values import summary
from studies.summary.winners_curse import score_with_error

_SHOWN: Final = 12
"""Digits of a fingerprint that tell two apart for a reader."""
_MANUAL: Final = "the manual's"
_SPENT: Final = (
    "Choose between them by the confirmed scores: a choice by test uses up the test split, "
    "whose R² is then too high for the chosen study."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What two studies were started with differently."""

    kind: str
    """`data`, `space` or `settings`."""
    name: str
    values: tuple[str, str]
    """In words, of the first and of the second study."""


def as_json(first: StudyRecord, second: StudyRecord) -> dict[str, Any]:
    """The comparison as plain values: both summaries, what differs, whether metrics compare."""
    found = differences(first, second)
    kinds = {difference.kind for difference in found}
    return {
        "studies": [summary(first), summary(second)],
        "same": {kind: kind not in kinds for kind in ("data", "space", "settings")},
        "comparable": not any(d.kind == "data" for d in found),
        "differences": [{"kind": d.kind, "name": d.name, "values": list(d.values)} for d in found],
        "seconds": [first.seconds, second.seconds],
    }


def render(first: StudyRecord, second: StudyRecord) -> str:
    """The comparison as text."""
    found = differences(first, second)
    parts = [f"{first.name} beside {second.name}", _verdict(first, second, found)]
    if found:
        rows = [[f"{d.kind}: {d.name}", *d.values] for d in found]
        parts.append(text_table([["what differs", first.name, second.name], *rows]))
    tasks = list(dict.fromkeys((*first.watch.tasks, *second.watch.tasks)))
    columns = zip(_column(first, tasks), _column(second, tasks), strict=True)
    # A stage that neither study has reached is named without its metrics.
    rows = [[name, one, other] for (name, one), (_, other) in columns if one or other]
    parts.append(text_table([["", first.name, second.name], *rows]))
    return "\n\n".join(parts)


def differences(first: StudyRecord, second: StudyRecord) -> list[Difference]:
    """What keeps two studies from being the same search: data, space, settings."""
    found = []
    if not _share_data(first, second):
        named = (_named_data(first), _named_data(second))
        found.append(Difference(kind="data", name="fingerprint", values=named))
    found += _unlike("space", _searched(first), _searched(second), missing=_MANUAL)
    found += _unlike("settings", _settings(first), _settings(second), missing="nothing")
    return found


def _share_data(first: StudyRecord, second: StudyRecord) -> bool:
    """Whether both are known to be of the same data; of a study that does not say, it is not known."""
    identities = (first.identity, second.identity)
    return None not in identities and len({i.data for i in identities if i is not None}) == 1


def _named_data(study: StudyRecord) -> str:
    key = "unknown" if study.identity is None else study.identity.data[:_SHOWN]
    return f"{study.data_source or 'unknown'} ({key})"


def _settings(study: StudyRecord) -> dict[str, Any]:
    return {} if study.identity is None else flat(study.identity.settings)


def _unlike(
    kind: str, first: Mapping[str, Any], second: Mapping[str, Any], *, missing: str
) -> Iterator[Difference]:
    for name in dict.fromkeys((*first, *second)):
        values = (first.get(name, missing), second.get(name, missing))
        if values[0] != values[1]:
            yield Difference(kind=kind, name=name, values=(str(values[0]), str(values[1])))


def _searched(study: StudyRecord) -> dict[str, str]:
    """What a space has for each setting that it does not leave at the manual's value, in words."""
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


def _verdict(first: StudyRecord, second: StudyRecord, found: list[Difference]) -> str:
    """Whether the metrics below can be compared, in words."""
    if any(d.kind == "data" for d in found):
        return (
            "The data, or how it was prepared, is not the same: metrics of one study cannot be "
            "compared with those of the other."
        )
    key = "unknown" if first.identity is None else first.identity.data[:_SHOWN]
    lines = [f"Both are of the same data ({first.data_source}, {key})."]
    if first.watch != second.watch:
        lines.append("Their scores weigh other tasks; only R² by task can be compared.")
    lines += [
        "A search score is the best of many noisy scores: the more trials, the better it looks.",
        _SPENT,
    ]
    return "\n".join(lines)


def _column(study: StudyRecord, tasks: Sequence[str]) -> list[tuple[str, str]]:
    """A study's counts, costs and metrics, each with its name; the same rows of every study."""
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
    """Trials and R² of all that was trained for the test split; no trials of what was not."""
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
