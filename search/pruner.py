"""Pruners: Optuna's adapter of the pruning rule, and the choice by name."""

from typing import Any, Final

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import FrozenTrial, TrialState

from avq_core.errors import ConfigError
from search.pruning_rule import Decision, PruningRule
from search.score import Figures, Watch, with_nan
from studies import records

PRUNERS: Final = ("cycle", "median", "none")


class CycleEndPruner(BasePruner):
    """Prunes at the ends of cosine cycles by both watched figures.

    Stateless: every decision is made from what the storage holds, so any number of workers on any
    number of machines judge alike. Reads a trial's judged epochs from its stored history.
    """

    def __init__(self, rule: PruningRule, watch: Watch) -> None:
        self.rule = rule
        self.watch = watch

    def decide(self, study: optuna.Study, trial: FrozenTrial) -> Decision:
        """The rule's decision on a trial at its last judged epoch, with the reason."""
        rungs = self._figures_by_rung(trial)
        if not rungs:
            return Decision(prune=False, reason="no judged epoch yet")
        epoch = max(rungs)
        reached = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        others = study.get_trials(deepcopy=False, states=reached)
        peers = [
            self._figures_by_rung(other)
            for other in others
            # The baseline has other cycles and is there to be compared with, not to set the bar.
            if other.number != trial.number and not other.user_attrs.get(records.BASELINE)
        ]
        at_rung = [figures[epoch] for figures in peers if epoch in figures]
        return self.rule.decide(rungs[epoch], at_rung, epoch=epoch, watch=self.watch)

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Optuna's interface: `decide` without the reason."""
        return self.decide(study, trial).prune

    def _figures_by_rung(self, trial: FrozenTrial) -> dict[int, Figures]:
        history: list[dict[str, Any]] = trial.user_attrs.get(records.HISTORY, [])
        return {
            record["epoch"]: self.watch.figures(with_nan(record["r2"]))
            for record in history
            if record["judged"]
        }


def make_pruner(name: str, watch: Watch) -> BasePruner:
    """The pruner of a name: `cycle` (both figures), `median` (Optuna's, on the score), `none`.

    Raises:
        ConfigError: An unknown name.
    """
    match name:
        case "cycle":
            return CycleEndPruner(PruningRule(), watch)
        case "median":
            return MedianPruner(n_startup_trials=8)
        case "none":
            return NopPruner()
    raise ConfigError(f"--pruner is {name!r}, expected one of {', '.join(PRUNERS)}")


def decide(study: optuna.Study, trial: optuna.Trial) -> Decision:
    """Asks the study's pruner, and words the reason of one that gives none."""
    if isinstance(study.pruner, CycleEndPruner):
        return study.pruner.decide(study, study.get_trials(deepcopy=False)[trial.number])
    name = type(study.pruner).__name__
    prune = trial.should_prune()
    return Decision(prune=prune, reason=f"{name} {'stops' if prune else 'keeps'} it on the score")
