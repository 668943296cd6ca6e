"""When a study trains the manual's configuration, its baseline, and for how many epochs.

On a CPU an epoch of that network costs as much as ten or more of a searched one, and trained first it
would keep a worker from the search at its start. So a study that is long enough trains it when half of
the study is over.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import optuna
from optuna.trial import FrozenTrial, TrialState

from avq_core.config.presets import manual
from avq_core.config.values import to_dict
from search.configure import baseline_config
from search.job import Job
from studies.points import point_of
from studies.records import attributes
from studies.trial_states import BUDGETED, FINISHED, NOT_FAILED

HEAD_START: Final = 20
"""Lower bound on the trials before the manual baseline, where it does not come first or time runs out."""


def baseline_epochs(asked: int | None, epochs: int, *, on_cpu: bool) -> int:
    """Upper bound on the manual baseline's epochs.

    Args:
        asked: The user's setting; `None` for the default.
        epochs: Upper bound for each trial.
        on_cpu: Whether the study trains on a CPU, where the default is one cycle of this large network.
    """
    if asked is not None:
        return asked
    return min(epochs, manual().optim.cycle_epochs) if on_cpu else epochs


def trained_baseline(trials: Sequence[FrozenTrial]) -> bool:
    """Whether a study's manual baseline has finished (complete or pruned)."""
    return any(trial.state in FINISHED for trial in _baselines(trials))


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselinePolicy:
    """Decides when a study queues its manual baseline. Pure except for `queue`."""

    total: int
    """Trials of the study."""
    may_stop: bool = False
    """Whether the study may end before its total, and so before a late baseline."""
    half_time: float = math.inf
    """`time.time()` when half of the study's time is over; infinite where it has no deadline."""
    point: Mapping[str, Any] = field(default_factory=dict)
    """The manual's values in the study's space; empty where the space does not hold them."""

    @classmethod
    def of(cls, job: Job, *, tasks: Sequence[str], now: float) -> Self:
        """The policy of a study.

        Args:
            job: The study's settings.
            tasks: The data's.
            now: `time.time()` when the command or the worker starts.
        """
        config = baseline_config(tasks=tasks, epochs=job.baseline_epochs, seed=job.seed)
        return cls(
            total=job.trials,
            may_stop=job.may_stop,
            half_time=job.half_time(now),
            point=dict(point_of(to_dict(config), job.space) or {}),
        )

    @property
    def head_start(self) -> int:
        """Number of trials before the baseline, in a study that does not begin with it."""
        return HEAD_START if self.may_stop else max(HEAD_START, self.total // 2)

    def is_due_at_opening(self, trials: Sequence[FrozenTrial], *, num_queued: int) -> bool:
        """Whether the command queues the baseline before all else.

        It does so where the study is too short for a head start, or where every earlier baseline
        failed: the user may have started the search again with more memory, say.

        Args:
            trials: All of the study.
            num_queued: Points that the user asks the study to try first.
        """
        baselines = _baselines(trials)
        is_full = _count(trials, FINISHED) >= self.total
        if is_full or any(trial.state is not TrialState.FAIL for trial in baselines):
            return False
        return bool(baselines) or self.total - num_queued < 2 * HEAD_START

    def is_due(self, trials: Sequence[FrozenTrial], *, now: float = -math.inf) -> bool:
        """Whether a worker queues the baseline now, after all else that is queued.

        Only in a study that never had one: `search.queue.retry` decides on one that failed.

        Args:
            trials: All of the study.
            now: `time.time()`.
        """
        if _baselines(trials) or _count(trials, BUDGETED) >= self.total:
            return False
        return now > self.half_time or _count(trials, NOT_FAILED) >= self.head_start

    def total_needed(self, trials: Sequence[FrozenTrial]) -> int:
        """The smallest total of trials with which a study without its baseline trains it.

        Args:
            trials: All of the study, none of them a finished baseline.
        """
        queued = any(trial.state is TrialState.WAITING for trial in _baselines(trials))
        needed = _count(trials, (*FINISHED, TrialState.WAITING)) + (not queued)
        return max(self.total, needed)

    def queue(self, study: optuna.Study) -> None:
        """Queues the baseline; called under the study's lock."""
        study.enqueue_trial(dict(self.point), user_attrs={attributes.BASELINE: True})


def _baselines(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.user_attrs.get(attributes.BASELINE)]


def _count(trials: Sequence[FrozenTrial], states: tuple[TrialState, ...]) -> int:
    return sum(trial.state in states for trial in trials)
