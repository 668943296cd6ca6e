"""Optuna's adapter of the pruning rule."""

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from avq_core.errors import ConfigError
from search.pruner import CycleEndPruner, make_pruner
from search.pruning_rule import PruningRule
from search.score import Watch
from studies import records


def add(study: optuna.Study, *epochs: tuple[int, float, bool], **attributes: object) -> None:
    """Adds a running trial with epochs of (number, both figures, judged)."""
    history = [
        {"epoch": n, "judged": judged, "r2": {"cross_modal": value, "overall": value}}
        for n, value, judged in epochs
    ]
    state = TrialState.RUNNING
    study.add_trial(create_trial(state=state, user_attrs={records.HISTORY: history} | attributes))


@pytest.fixture
def pruner() -> CycleEndPruner:
    """Judges with two peers."""
    return CycleEndPruner(PruningRule(min_peers=2), Watch())


@pytest.fixture
def memory() -> optuna.Study:
    """An in-memory study."""
    return optuna.create_study(direction="maximize")


def test_only_trials_at_the_same_rung_are_compared(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """Better figures at a later epoch do not count against one that is not there yet."""
    for value in (0.1, 0.2):
        add(memory, (2, value, True), (6, 0.9, True))
    add(memory, (2, 0.3, True))
    decision = pruner.decide(memory, memory.trials[-1])
    assert not decision.prune
    assert "epoch 2" in decision.reason


def test_epochs_inside_a_cycle_are_not_looked_at(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """A comparison there compares learning-rate phases."""
    for value in (0.5, 0.6):
        add(memory, (2, value, True))
    add(memory, (1, 0.9, False), (2, 0.0, True), (3, 0.9, False))
    decision = pruner.decide(memory, memory.trials[-1])
    assert decision.prune
    assert decision.reason.startswith("epoch 2: cross-modal R² 0.000")


def test_the_baseline_does_not_set_the_bar(pruner: CycleEndPruner, memory: optuna.Study) -> None:
    """It has other cycles; with it left out one peer is too few to judge."""
    add(memory, (2, 0.9, True), baseline=True)
    add(memory, (2, 0.8, True))
    add(memory, (2, 0.0, True))
    decision = pruner.decide(memory, memory.trials[-1])
    assert not decision.prune
    assert "only 1 other trials" in decision.reason


def test_undefined_figures_are_read_back_as_not_finite(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """JSON's null is no zero."""
    history = [{"epoch": 2, "judged": True, "r2": {"cross_modal": None, "overall": 0.5}}]
    memory.add_trial(create_trial(state=TrialState.RUNNING, user_attrs={records.HISTORY: history}))
    assert pruner.prune(memory, memory.trials[-1])


def test_a_trial_without_a_judged_epoch_goes_on(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """Optuna may ask at any time."""
    add(memory)
    assert not pruner.prune(memory, memory.trials[-1])


def test_an_unknown_pruner_is_named_with_those_there_are() -> None:
    """One line for a slip of the finger."""
    with pytest.raises(ConfigError, match="--pruner is 'medain', expected one of cycle, median"):
        make_pruner("medain", Watch())
