"""What a simulated search asks a rule: whether a trial goes on, and which paused one comes back."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import optuna
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial


class Verdict(Enum):
    """What happens to a trial after an epoch."""

    GO_ON = "go on"
    PAUSE = "pause"
    """Its worker gets free; the rule may resume the trial later, where it stands."""
    STOP = "stop"
    """For good."""


class Rule(Protocol):
    """Decides over the trials of one search. Made anew for each search, so it may keep a memory."""

    def judges_at(self, epoch: int, rungs: Sequence[int]) -> bool:
        """Whether the rule is asked after this epoch of a trial with these rungs."""

    def judge(self, study: optuna.Study, trial: FrozenTrial) -> Verdict:
        """The verdict on a running trial, whose last reported epoch is the one in question."""

    def resume(self, study: optuna.Study, paused: Sequence[FrozenTrial]) -> int | None:
        """Which paused trial a free worker takes.

        Args:
            study: The study; a paused trial is a running one there.
            paused: At least one, in the order in which they were paused.

        Returns:
            The number of one of them; `None` for a new trial instead.
        """


class PrunerRule:
    """A pruner as a rule: it stops trials for good, and none ever comes back."""

    def __init__(self, pruner: BasePruner, *, at_rungs_only: bool) -> None:
        """Wraps a pruner.

        Args:
            pruner: Whose decision counts.
            at_rungs_only: Whether it is asked at rungs, as this project's is; otherwise it is asked after
                every epoch from the first rung on, as Optuna's users do.
        """
        self._pruner = pruner
        self._at_rungs_only = at_rungs_only

    def judges_at(self, epoch: int, rungs: Sequence[int]) -> bool:
        """See `Rule`."""
        return epoch in rungs if self._at_rungs_only else epoch >= rungs[0]

    def judge(self, study: optuna.Study, trial: FrozenTrial) -> Verdict:
        """See `Rule`."""
        return Verdict.STOP if self._pruner.prune(study, trial) else Verdict.GO_ON

    def resume(self, study: optuna.Study, paused: Sequence[FrozenTrial]) -> int | None:  # noqa: ARG002 - nothing is ever paused
        """See `Rule`."""
        return None
