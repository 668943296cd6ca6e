"""Optuna's pruners as replayed, against Optuna's own objects on the same reports."""

from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

from benchmarks.pruners.rules import parse_rule, replay
from benchmarks.pruners.trials import Outcome, Trials

PEERS: dict[str, Callable[[int], BasePruner]] = {
    "median": lambda _: MedianPruner(n_startup_trials=5, n_warmup_steps=5),
    "median:startup=0,warmup=0": lambda _: MedianPruner(n_startup_trials=0, n_warmup_steps=0),
    "halving:eta=4": lambda _: SuccessiveHalvingPruner(min_resource=1, reduction_factor=4),
    "halving:eta=3": lambda _: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "hyperband:eta=3": lambda epochs: HyperbandPruner(
        min_resource=1, max_resource=epochs, reduction_factor=3
    ),
    "hyperband:eta=2": lambda epochs: HyperbandPruner(
        min_resource=1, max_resource=epochs, reduction_factor=2
    ),
}


def ask_optuna(trials: Trials, pruner: BasePruner) -> Outcome:
    """Reports every trial's scores to a study in memory and lets its pruner decide."""
    study = optuna.create_study(direction="maximize", pruner=pruner, study_name=trials.name)
    spent = [report(study, trials, number) for number in range(len(trials))]
    complete = [t.state == TrialState.COMPLETE for t in study.get_trials(deepcopy=False)]
    return Outcome(spent=np.array(spent), complete=np.array(complete))


def report(study: optuna.Study, trials: Trials, number: int) -> int:
    """One trial; returns the epochs it took."""
    trial, length = study.ask(), int(trials.lengths[number])
    for epoch in range(1, length + 1):
        value = float(trials.score[number, epoch - 1])
        if not np.isfinite(value):
            study.tell(trial, state=TrialState.PRUNED)
            return epoch
        trial.report(value, epoch)
        if epoch < length and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return epoch
    study.tell(trial, value)
    return length


@pytest.mark.parametrize("mixed", [False, True], ids=["one length", "two lengths"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", PEERS)
def test_a_replayed_pruner_decides_as_optunas_own(
    name: str, seed: int, mixed: bool, make_trials: Callable[..., Trials]
) -> None:
    """Every trial ends at the same epoch in the same state, with ties, divergence, two lengths."""
    epochs = (20, 27, 9, 32)[seed]
    trials = make_trials(seed, epochs=epochs, mixed=mixed)
    expected = ask_optuna(trials, PEERS[name](epochs))
    replayed = replay(parse_rule(name), trials)
    assert replayed.spent.tolist() == expected.spent.tolist()
    assert replayed.complete.tolist() == expected.complete.tolist()
    assert 0 < expected.complete.sum() < trials.finishes.sum()
