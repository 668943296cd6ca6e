"""When a study trains the manual's configuration, its baseline.

On a CPU that network costs an epoch what a searched one costs in ten or more, and trained first it
keeps a worker from a search that knows nothing yet. So a study that is long enough comes to it when half
of it is over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial, TrialState

from avq_core.config.values import to_dict
from search.configure import baseline_config
from space.space import Space
from studies import records
from studies.points import point_of

HEAD_START: Final = 20
"""Trials that come before the baseline at least, where it does not come first and time is not short."""


def comes_first(total: int, *, num_handed: int) -> bool:
    """Whether a study is too short for a head start, and begins with its baseline.

    Args:
        total: Trials of the study.
        num_handed: Points that it is to try before its own.
    """
    return total - num_handed < 2 * HEAD_START


def head_start(total: int, *, may_stop: bool) -> int:
    """Trials that come before the baseline of a study that does not begin with it.

    Args:
        total: Trials of the study.
        may_stop: Whether it may end before them, and then without its baseline.
    """
    return HEAD_START if may_stop else max(HEAD_START, total // 2)


def is_due(trials: Sequence[FrozenTrial], *, after: int, is_late: bool = False) -> bool:
    """Whether the baseline is to be queued now, behind whatever else is queued.

    Only where there never was one: what `search.queue.retry` gave up, or hands on, is its own.

    Args:
        trials: All of the study.
        after: Trials that come before it.
        is_late: Whether half of the time that the study is given is over.
    """
    if any(trial.user_attrs.get(records.BASELINE) for trial in trials):
        return False
    return is_late or sum(trial.state is not TrialState.FAIL for trial in trials) >= after


def queue_baseline(study: optuna.Study, point: Mapping[str, Any]) -> None:
    """Queues the baseline.

    Args:
        study: The study, under its lock.
        point: As `baseline_point` gives it.
    """
    study.enqueue_trial(dict(point), user_attrs={records.BASELINE: True})


def baseline_point(space: Space, *, tasks: Sequence[str], epochs: int, seed: int) -> dict[str, Any]:
    """The manual's values in a space; empty where the space does not hold them.

    Args:
        space: What is searched.
        tasks: The data's.
        epochs: At most, for the baseline.
        seed: The study's.
    """
    config = baseline_config(tasks=tasks, epochs=epochs, seed=seed)
    return dict(point_of(to_dict(config), space) or {})
