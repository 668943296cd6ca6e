"""The comments at the top of an exported configuration: for people, where it comes from.

Programs find the same under the file's keys; nothing here is read again.
"""

import shlex
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from avq_core.display.numbers import interval_text, metric_text
from avq_core.display.tables import text_table
from studies.records import StudyRecord, task_names

_WIDTH: Final = 98
_TRAIN: Final = "python -m avq_core.train --config THIS_FILE"
_TEST_COLUMNS: Final = {"test_r2": "test", "test_r2_first": "test, first seed"}


def header(study: StudyRecord, content: Mapping[str, Any]) -> str:
    """The comments of a file.

    Args:
        study: The study.
        content: What the file holds, as `studies.export.exported` gives it; with `ensemble`, the
            members, where it is of several configurations.
    """
    what = f"trial {content['trial']}"
    if members := content.get("ensemble"):
        what = f"the ensemble of trials {', '.join(str(m['trial']) for m in members)}"
    lines = [
        f"avq-search: {what} of the study {study.name}. Train it with",
        f"  {_TRAIN} --data {_source(content)} --out models/best",
        "",
        "Where it is from",
        *_origin(study, content),
        "",
        "What it reached",
        *_figures(study, content),
        "",
        "What trains to these figures again",
        *_again(study, content),
    ]
    return "".join(f"# {_safe(line)}".rstrip() + "\n" for line in lines)


def _safe(line: str) -> str:
    """A name from elsewhere must not end the comment, nor hold what is no YAML at all."""
    return "".join(c if c.isprintable() else " " for c in line)


def _text(label: str, told: str) -> list[str]:
    """A labelled sentence, wrapped under itself."""
    first, rest = f"  {label:<11}", " " * 13
    return textwrap.wrap(
        _safe(told),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _origin(study: StudyRecord, content: Mapping[str, Any]) -> Iterator[str]:
    for name in ("data", "space"):
        told, key = content[name] or "unknown", content[f"{name}_key"] or "unknown"
        yield from _text(name, f"{told}, fingerprint {key}")
    rule = (study.confirmation or {}).get("rule")
    if rule and content["trial"] == study.chosen:
        yield from _text("chosen", rule)
    training = content["config"]["training"]
    run = "its run for the test split" if _has_own_run(content) else "the trial itself"
    yield from _text("epochs", f"{training['epochs']}, which gave the trial its score")
    yield from _text("seed", f"{training['seed']}, of {run}")
    made = content["made_with"] or {}
    versions = ", ".join(f"{name} {number}" for name, number in made.get("versions", {}).items())
    yield from _text("versions", versions or "not noted by this study")
    for key in ("machine", "started"):
        if made.get(key):
            yield from _text(key, str(made[key]))
    if made.get("command"):
        yield f"  {'command':<11}{made['command']}"


def _figures(study: StudyRecord, content: Mapping[str, Any]) -> Iterator[str]:
    """R² by task at every stage that the trial came to, and the scores in words."""
    search, confirmed = content["search"], content["confirmed"] or {}
    tasks = task_names(study)
    columns = {"search, val": {task: metric_text(search["val_r2"].get(task)) for task in tasks}}
    if confirmed:
        columns["confirmed"] = {t: metric_text(v) for t, v in confirmed["r2_mean"].items()}
    found = {name: confirmed.get(key) for key, name in _TEST_COLUMNS.items()}
    if "ensemble" in content:
        found["ensemble, test"] = (study.confirmation or {})["test"]["ensemble"]["r2"]
    for name, r2 in found.items():
        if r2 is not None:
            columns[name] = {t: interval_text(v) for t, v in r2.items()}
    rows = [[f"R² [95 %] of #{content['trial']}", *columns]]
    for task in tasks:
        marked = f"{task} *" if task in study.watch else task
        rows.append([marked, *(column.get(task, "n/a") for column in columns.values())])
    yield from (f"  {line}" for line in text_table(rows).splitlines())
    yield from _text(
        "search", f"score {metric_text(search['score'])} of the watched tasks (*) on val"
    )
    yield from _confirmation_in_words(study, confirmed)


def _confirmation_in_words(study: StudyRecord, confirmed: Mapping[str, Any]) -> Iterator[str]:
    if not confirmed:
        return
    confirmation = study.confirmation or {}
    runs, made = f"{confirmation['folds']} folds", confirmed.get("num_runs")
    if (seeds := confirmation.get("seeds")) is not None:
        runs += f" and {seeds} fresh seed{'s' if seeds != 1 else ''} each"
    spread = (
        f"score {metric_text(confirmed['score_mean'])} ± {metric_text(confirmed['score_std'])} sd"
    )
    if confirmed.get("score_error") is not None:
        spread += f" (standard error {metric_text(confirmed['score_error'])})"
    counted = "" if made is None else f"{made} of the runs on "
    yield from _text("confirmed", f"{spread} over {counted}{runs} of train + val")
    if _has_own_run(content={"confirmed": confirmed}):
        openings, seeds = confirmation.get("test_openings", 1), confirmation["test"].get("seeds", 1)
        mean = f"mean of {seeds} seeds, " if seeds > 1 else ""
        times = "once" if openings == 1 else f"{openings} times"
        yield from _text("test", f"{mean}opened {times}")


def _has_own_run(content: Mapping[str, Any]) -> bool:
    """Whether the configuration is that of a run for the test split, with that run's seed."""
    return "test_r2" in (content["confirmed"] or {})


def _again(study: StudyRecord, content: Mapping[str, Any]) -> Iterator[str]:
    """Commands, by the figures that they reproduce."""
    tested = ((study.confirmation or {}).get("test") or {}).get("trained_on") or {}
    searched = content["search"].get("ran_on") or {}
    command = f"{_TRAIN} --data {_source(content)} --out DIR"
    where = searched
    if "ensemble" in content:
        where = tested
        yield f"  ensemble, test: {command}{_placed(tested)}"
    elif _has_own_run(content):
        by_seed = "test_r2_first" in content["confirmed"]
        where = tested and searched
        yield f"  test{', first seed' if by_seed else ''}: {command}{_placed(tested)}"
        yield f"  search, val: {command}{_placed(searched)} --seed {content['search']['seed']}"
    else:
        yield f"  search, val: {command}{_placed(searched)}"
    precision = searched.get("precision")
    if precision is not None:
        yield f"  (its matrix products were {precision}; `auto` measures what a CPU is good at)"
    with_them = "" if where else " with --device and --threads as its workers had them,"
    yield from _text(
        "",
        f"To the digit on the same data,{with_them} on a machine of the same kind with the same "
        "versions; elsewhere they differ as those of another seed would.",
    )


def _placed(where: Mapping[str, Any]) -> str:
    """Options of a device and its threads."""
    return "".join(f" --{name} {where[name]}" for name in ("device", "threads") if name in where)


def _source(content: Mapping[str, Any]) -> str:
    return shlex.quote(content["data"] or "DATA")
