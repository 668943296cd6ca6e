"""Resolves which two tasks a study watches, from its settings and the data."""

import dataclasses
from collections.abc import Callable

import numpy as np

from avq_core.data.store.store import PreparedStore
from avq_core.errors import ConfigError
from avq_core.training.metrics import r2_score
from search.settings import Settings
from studies.score import Watch


def watched_tasks(settings: Settings, tasks: tuple[str, ...], say: Callable[[str], None]) -> Watch:
    """The watched tasks: the setting's, else the two usual ones, else the data's only task.

    Args:
        settings: The search's settings.
        tasks: The data's.
        say: Called with a line where one task serves as both.

    Raises:
        ConfigError: None were named, and the data has neither the usual two nor a single task; or two
            objectives are asked for and only one task is watched.
    """
    watch = _named_or_usual(settings, tasks, say)
    if settings.objective == "pareto" and len(watch.tasks) == 1:
        raise ConfigError(
            f"`objective` is 'pareto', but {watch.overall} is the only task that is watched, so both "
            "objectives would be the same; take `objective` score"
            + (", or name two tasks with `watch`" if len(tasks) > 1 else "")
        )
    return watch


def _named_or_usual(
    settings: Settings, tasks: tuple[str, ...], say: Callable[[str], None]
) -> Watch:
    first, second = settings.score_weights
    usual = Watch(cross_modal_weight=first / (first + second))
    if settings.watch is not None:
        names = settings.watch
        return dataclasses.replace(usual, cross_modal=names[0], overall=names[-1])
    if len(tasks) == 1:
        say(f"watching the only task, {tasks[0]}")
        return dataclasses.replace(usual, cross_modal=tasks[0], overall=tasks[0])
    if not {usual.cross_modal, usual.overall} <= set(tasks):
        raise ConfigError(
            f"the data's tasks are {', '.join(tasks)}, not {usual.cross_modal} and "
            f"{usual.overall}; say with `watch` which two to watch, or which one to watch as both"
        )
    return usual


def check_watched(store: PreparedStore, watch: Watch) -> None:
    """Checks that the score is defined: both watched tasks are in the data and vary in val.

    Raises:
        ConfigError: One of them is not or does not.
    """
    targets = store.search_splits().val.targets
    for task in (watch.cross_modal, watch.overall):
        if task not in store.schema.tasks:
            raise ConfigError(
                f"`watch` names {task!r}, but the data's tasks are {', '.join(store.schema.tasks)}"
            )
        column = targets[:, store.schema.tasks.index(task)]
        if np.isnan(r2_score(np.zeros_like(column), column)):
            raise ConfigError(
                f"the task {task!r} has no R² in val: expected at least two valid labels that "
                "differ; add labelled clips or watch another task"
            )
