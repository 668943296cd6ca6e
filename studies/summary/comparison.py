"""Two studies side by side: what they are of, what they cost, what they found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avq_core.display.numbers import interval_text, metric_text
from avq_core.display.tables import text_table
from studies import records
from studies.points import flat
from studies.records import StudyRecord
from studies.summary.values import summary

_SHOWN: Final = 12
"""Digits of a fingerprint that tell two apart for a reader."""
_MANUAL: Final = "the manual's"
_SPENT: Final = (
    "Choose between them by the confirmed scores: a choice by test spends the test split, whose figures "
    "then flatter the study that is chosen."
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
    """The comparison as plain values: both summaries, what differs, and whether figures compare."""
    found = differences(first, second)
    kinds = {difference.kind for difference in found}
    return {
        "studies": [summary(first), summary(second)],
        "same": {kind: kind not in kinds for kind in ("data", "space", "settings")},
        "comparable": not any(d.kind == "data" for d in found),
        "differences": [{"kind": d.kind, "name": d.name, "values": list(d.values)} for d in found],
        "seconds": [seconds(first), seconds(second)],
    }


def render(first: StudyRecord, second: StudyRecord) -> str:
    """The comparison as text."""
    found = differences(first, second)
    parts = [f"{first.name} beside {second.name}", _verdict(first, second, found)]
    if found:
        rows = [[f"{d.kind}: {d.name}", *d.values] for d in found]
        parts.append(text_table([["what differs", first.name, second.name], *rows]))
    tasks = list(dict.fromkeys((*first.watch, *second.watch)))
    columns = zip(_column(first, tasks), _column(second, tasks), strict=True)
    # What neither has been through is named once, without its figures.
    rows = [[name, one, other] for (name, one), (_, other) in columns if one or other]
    parts.append(text_table([["", first.name, second.name], *rows]))
    return "\n\n".join(parts)


def differences(first: StudyRecord, second: StudyRecord) -> list[Difference]:
    """What keeps two studies from being the same search: data, space, settings."""
    found = []
    keys = [str(study.identity.get("data", "unknown")) for study in (first, second)]
    if keys[0] != keys[1] or "unknown" in keys:
        named = [
            f"{s.data_source or 'unknown'} ({key[:_SHOWN]})"
            for s, key in zip((first, second), keys, strict=True)
        ]
        found.append(Difference(kind="data", name="fingerprint", values=(named[0], named[1])))
    told = (_searched(first), _searched(second))
    found += _unlike("space", *told, missing=_MANUAL)
    settings = [flat(study.identity.get("settings", {})) for study in (first, second)]
    found += _unlike("settings", settings[0], settings[1], missing="nothing")
    return found


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
    searched = {path: _bounds(spec) for path, spec in space.get("parameters", {}).items()}
    return searched | {path: f"fixed at {value}" for path, value in space.get("fixed", {}).items()}


def _bounds(parameter: Mapping[str, Any]) -> str:
    if "choices" in parameter:
        told = f"one of {', '.join(map(str, parameter['choices']))}"
    else:
        told = f"{parameter['low']:g} to {parameter['high']:g}"
        told += " (log)" if parameter.get("log") else ""
        told += f" in steps of {parameter['step']}" if parameter.get("step", 1) != 1 else ""
    for path, values in parameter.get("when", {}).items():
        told += f", when {path} is {' or '.join(map(str, values))}"
    return told


def _verdict(first: StudyRecord, second: StudyRecord, found: list[Difference]) -> str:
    """Whether the figures below may be held against each other, in words."""
    if any(d.kind == "data" for d in found):
        return (
            "The data, or how it was prepared, is not the same: figures of one study cannot be "
            "compared with those of the other."
        )
    lines = [f"Both are of the same data ({first.data_source}, {first.identity['data'][:_SHOWN]})."]
    if (first.watch, first.cross_modal_weight) != (second.watch, second.cross_modal_weight):
        lines.append("Their scores weigh other tasks; only R² by task can be compared.")
    lines += [
        "What a search found is the best of many noisy figures: the more trials, the better it looks.",
        _SPENT,
    ]
    return "\n".join(lines)


def _column(study: StudyRecord, tasks: Sequence[str]) -> list[tuple[str, str]]:
    """A study's counts, costs and figures, each with what it is; the same rows of every study."""
    counts, told = records.counts(study.trials), summary(study)
    finished = counts["complete"] + counts["pruned"]
    rows = [("trials finished", str(finished))]
    rows += [(f"  {state}", str(counts[state])) for state in ("complete", "pruned", "failed")]
    rows.append(("epochs spent", str(records.epochs_spent(study.trials))))
    rows.append(("epochs saved by pruning", str(records.epochs_saved(study.trials))))
    rows.append(("time of all trials", _duration(seconds(study))))
    for name in ("baseline", "best"):
        trial = told[name]
        rows.append((f"{name}, val", _numbers(trial)))
        rows.append(("  score", metric_text(trial["score"]) if trial else ""))
        rows += [
            (f"  {task}", metric_text(trial["r2"].get(task)) if trial else "") for task in tasks
        ]
    row = _confirmed(study)
    rows.append(("chosen, confirmed", _numbers(row)))
    rows.append(("  score", _score(row)))
    rows += [(f"  {task}", metric_text(row["r2_mean"].get(task)) if row else "") for task in tasks]
    test = (study.confirmation or {}).get("test") or {}
    for name in ("baseline", "chosen", "ensemble"):
        entry = test.get(name)
        rows.append((f"{name}, test [95 %]", _numbers(entry)))
        rows += [(f"  {t}", interval_text(entry["r2"].get(t)) if entry else "") for t in tasks]
    openings = (study.confirmation or {}).get("test_openings", 0)
    rows.append(("test opened", "once" if openings == 1 else f"{openings} times"))
    return rows


def seconds(study: StudyRecord) -> float:
    """Wall time of all trials, added up over workers."""
    return sum(trial.seconds or 0.0 for trial in study.trials)


def _duration(length: float) -> str:
    minutes, rest = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _confirmed(study: StudyRecord) -> Mapping[str, Any] | None:
    rows = (study.confirmation or {}).get("candidates", [])
    return next((row for row in rows if row["trial"] == study.chosen), None)


def _numbers(entry: Mapping[str, Any] | None) -> str:
    """The trial that an entry is of, or those of an ensemble."""
    if not entry:
        return "none"
    members = entry.get("members", [entry])
    return " ".join(f"#{member['trial']}" for member in members)


def _score(row: Mapping[str, Any] | None) -> str:
    if not row:
        return ""
    error = row.get("score_error")
    return metric_text(row["score_mean"]) + ("" if error is None else f" ± {metric_text(error)}")
