"""Which two tasks a study watches, as the command line and the data have it."""

import dataclasses
from collections.abc import Callable

import numpy as np

from avq_core.data.store.store import PreparedStore
from avq_core.errors import ConfigError
from avq_core.training.metrics import r2_score
from studies.score import Watch


def cross_modal_weight(weights: str) -> float:
    """The cross-modal share of the score, of two numbers such as `0.5,0.5`.

    Raises:
        ConfigError: Not two numbers, or both 0.
    """
    try:
        first, second = (float(weight) for weight in weights.split(","))
    except ValueError as error:
        raise ConfigError(
            f"--score-weights is {weights!r}, expected two numbers such as 0.5,0.5"
        ) from error
    if not (first >= 0 and second >= 0 and 0 < first + second < float("inf")):
        raise ConfigError(f"--score-weights is {weights!r}, expected two numbers >= 0, not both 0")
    return first / (first + second)


def watched_tasks(
    asked: str | None, tasks: tuple[str, ...], share: float, say: Callable[[str], None]
) -> Watch:
    """The watched tasks: those asked for, else the spec's two, else the only one there is."""
    usual = Watch(cross_modal_weight=share)
    if asked is None:
        if len(tasks) == 1:
            say(f"watching the only task, {tasks[0]}, as both figures")
            return dataclasses.replace(usual, cross_modal=tasks[0], overall=tasks[0])
        if not {usual.cross_modal, usual.overall} <= set(tasks):
            raise ConfigError(
                f"the data's tasks are {', '.join(tasks)}, not {usual.cross_modal} and "
                f"{usual.overall}; say with --watch which two play them, or which one plays both"
            )
        return usual
    names = [name.strip() for name in asked.split(",")]
    if len(names) not in (1, 2) or not all(names):
        raise ConfigError(
            f"--watch is {asked!r}, expected two tasks such as cross_modal,overall, or one"
        )
    return dataclasses.replace(usual, cross_modal=names[0], overall=names[-1])


def check_watched(store: PreparedStore, watch: Watch) -> None:
    """The score must exist: both watched tasks are in the data and vary in val."""
    targets = store.search_splits().val.targets
    for task in (watch.cross_modal, watch.overall):
        if task not in store.schema.tasks:
            raise ConfigError(
                f"--watch names {task!r}, but the data's tasks are {', '.join(store.schema.tasks)}"
            )
        column = targets[:, store.schema.tasks.index(task)]
        if np.isnan(r2_score(np.zeros_like(column), column)):
            raise ConfigError(
                f"the task {task!r} has no R² in val: expected at least two valid labels that "
                "differ; add labelled clips or watch another task"
            )
