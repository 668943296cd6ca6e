"""Trials that were cut off go back to the queue, so that an interruption costs time and no point."""

import multiprocessing
import signal
from types import FrameType
from typing import Final

import optuna
from optuna.trial import FrozenTrial

from studies import records

MAX_RETRIES: Final = 2
"""A trial that ended its worker this often is not tried again: it may be what ends them."""
_RETRIES: Final = "retries"
INTERRUPTED: Final = "interrupted: handed back to the queue"


class InterruptedTrial(KeyboardInterrupt):
    """Raised inside a trial that is to be handed back. Optuna fails the trial and passes it on."""


class StopRequest:
    """Whether this worker is to stop, asked between optimiser steps, where stopping is safe."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """From here on SIGTERM asks for a stop; Ctrl-C is the parent's to pass on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def is_due(self) -> bool:
        """Asked to stop, or orphaned: a parent that was killed can ask nothing."""
        parent = multiprocessing.parent_process()
        return self.requested or (parent is not None and not parent.is_alive())

    def check(self) -> None:
        """Raises `InterruptedTrial` if a stop is due."""
        if self.is_due():
            raise InterruptedTrial(INTERRUPTED)


def hand_back(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queues a failed trial's point once more, unless it has failed too often.

    Args:
        study: The study.
        trial: A trial that was interrupted, or whose worker died.
    """
    retries = int(trial.user_attrs.get(_RETRIES, 0))
    baseline = bool(trial.user_attrs.get(records.BASELINE))
    if retries >= MAX_RETRIES or not (trial.params or baseline):
        return
    attributes = {_RETRIES: retries + 1} | ({records.BASELINE: True} if baseline else {})
    study.enqueue_trial(trial.params, user_attrs=attributes)
