"""Makes a study's pruner by its name, and asks it for a decision with a reason."""

import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    SuccessiveHalvingPruner,
)

from search.pruners.cycle_end import CycleEndPruner
from search.pruners.first_rung import FirstRungPruner
from search.pruners.rule import Decision, PruningRule
from search.settings import PRUNERS
from studies.score import Watch


def make_pruner(name: str, watch: Watch, *, epochs: int) -> BasePruner:
    """The pruner of a name.

    Args:
        name: `cycle` (both watched R², at cycle ends), `iepoch` (all stop at the first rung, the best
            few are finished), `halving`, `hyperband`, `median` (Optuna's, on the score) or `none`.
        watch: The two watched tasks and the score.
        epochs: Upper bound for each trial.

    Raises:
        ValueError: An unknown name.
    """
    match name:
        case "cycle":
            return CycleEndPruner(PruningRule(), watch)
        case "iepoch":
            return FirstRungPruner()
        case "halving":
            return SuccessiveHalvingPruner(min_resource=1, reduction_factor=4)
        case "hyperband":
            return HyperbandPruner(min_resource=1, max_resource=epochs)
        case "median":
            return MedianPruner(n_startup_trials=8)
        case "none":
            return NopPruner()
    raise ValueError(f"pruner is {name!r}, expected one of {', '.join(PRUNERS)}")


def decide(study: optuna.Study, trial: optuna.Trial) -> Decision:
    """The decision of the study's pruner; Optuna's own give no reason, so it is worded here."""
    if isinstance(study.pruner, CycleEndPruner):
        trials = study.get_trials(deepcopy=False)
        return study.pruner.decide(study, trials[trial.number], trials)
    if isinstance(study.pruner, FirstRungPruner):
        return study.pruner.decide(study.get_trials(deepcopy=False)[trial.number])
    name = type(study.pruner).__name__
    if isinstance(study.pruner, NopPruner):
        return Decision(prune=False, reason="nothing is pruned")
    prune = trial.should_prune()
    return Decision(prune=prune, reason=f"{name} {'stops' if prune else 'keeps'} it on the score")
