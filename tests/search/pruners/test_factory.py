"""Optuna's adapter of the pruning rule, and what Optuna asks of any pruner."""

import math
import time
import warnings

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from search.pruners.cycle_end import CycleEndPruner
from search.pruners.factory import make_pruner
from search.pruners.first_rung import FirstRungPruner
from search.pruners.rule import PruningRule
from search.settings import PRUNERS
from studies.records import attributes
from studies.score import Watch


def add(
    study: optuna.Study,
    *epochs: tuple[int, float, bool],
    baseline: bool = False,
    **more: object,
) -> None:
    """Adds a running trial with epochs of (number, both R², judged)."""
    history = [
        {"epoch": n, "judged": judged, "r2": {"cross_modal": value, "overall": value}}
        for n, value, judged in epochs
    ]
    stored = {attributes.HISTORY: history, attributes.BASELINE: baseline, **more}
    study.add_trial(create_trial(state=TrialState.RUNNING, user_attrs=stored))


@pytest.fixture
def pruner() -> CycleEndPruner:
    """Judges with two peers."""
    return CycleEndPruner(PruningRule(min_peers=2, min_kept=1), Watch())


@pytest.fixture
def memory() -> optuna.Study:
    """An in-memory study."""
    return optuna.create_study(direction="maximize")


def test_only_trials_at_the_same_rung_are_compared(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """Better R² at a later epoch do not count against one that has not reached it yet."""
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


def test_undefined_metrics_are_read_back_as_not_finite(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """JSON's null is no zero."""
    history = [{"epoch": 2, "judged": True, "r2": {"cross_modal": None, "overall": 0.5}}]
    memory.add_trial(
        create_trial(state=TrialState.RUNNING, user_attrs={attributes.HISTORY: history})
    )
    assert pruner.prune(memory, memory.trials[-1])


def test_a_trial_without_a_judged_epoch_goes_on(
    pruner: CycleEndPruner, memory: optuna.Study
) -> None:
    """Optuna may ask at any time."""
    add(memory)
    assert not pruner.prune(memory, memory.trials[-1])


def test_an_unknown_pruner_is_named_with_those_there_are() -> None:
    """One line for a slip of the finger."""
    with pytest.raises(ValueError, match="pruner is 'medain', expected one of cycle, iepoch"):
        make_pruner("medain", Watch(), epochs=3)


def test_a_grace_of_one_cycle_spares_the_first_rung(memory: optuna.Study) -> None:
    """Last of all there, and only judged at the next one."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1, grace_cycles=1), Watch())
    for value in (0.5, 0.6):
        add(memory, (2, value, True), (6, value, True))
    add(memory, (2, 0.0, True))
    assert "in the grace" in pruner.decide(memory, memory.trials[-1]).reason
    add(memory, (2, 0.0, True), (6, 0.0, True))
    assert pruner.decide(memory, memory.trials[-1]).prune


def test_a_patience_of_two_asks_for_two_rungs_behind_in_a_row(memory: optuna.Study) -> None:
    """Behind at one, then the best: it goes on; behind at both: it does not."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1, patience_cycles=2), Watch())
    for value in (0.5, 0.6):
        add(memory, (2, value, True), (6, value, True))
    add(memory, (2, 0.0, True))
    assert "not behind for 2 cycles" in pruner.decide(memory, memory.trials[-1]).reason
    add(memory, (2, 0.9, True), (6, 0.0, True))
    assert not pruner.prune(memory, memory.trials[-1])
    add(memory, (2, 0.0, True), (6, 0.0, True))
    assert pruner.prune(memory, memory.trials[-1])


def test_the_stored_losses_tell_the_noise(memory: optuna.Study) -> None:
    """Behind by 0.1 with an error of about 1 is not behind; with none it is."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1, noise_places=3), Watch())
    wild = [0.3, -0.3] * 5
    calm = [0.0] * 10
    for losses in (wild, calm):
        for value in (0.7, 0.6):
            add_with_losses(memory, value, calm)
        add_with_losses(memory, 0.5, losses)
        decision = pruner.decide(memory, memory.trials[-1])
        assert decision.prune is (losses is calm)
    assert "place 5 of 6, the best 2 go on" in decision.reason


def add_with_losses(study: optuna.Study, value: float, losses: list[float]) -> None:
    r2 = {"cross_modal": value, "overall": value}
    history = [{"epoch": 2, "judged": True, "r2": r2, "losses": losses}]
    study.add_trial(
        create_trial(state=TrialState.RUNNING, user_attrs={attributes.HISTORY: history})
    )


# What follows is what Optuna's own tests ask of its pruners (tests/pruners_tests), of trials that
# report single values.


def report(study: optuna.Study, *steps: tuple[int, float]) -> optuna.Trial:
    trial = study.ask()
    for step, value in steps:
        trial.report(value, step)
    return trial


@pytest.mark.parametrize(("direction", "good"), [("maximize", 1.0), ("minimize", -1.0)])
def test_single_values_are_judged_in_the_studys_direction(direction: str, good: float) -> None:
    """Worse than two others is pruned, better is not, whichever way is up."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1), Watch())
    study = optuna.create_study(direction=direction, pruner=pruner)
    for value in (0.5, 0.6):
        study.tell(report(study, (1, good * value)), good * value)
    assert report(study, (1, good * 0.4)).should_prune()
    assert not report(study, (1, good * 0.7)).should_prune()


def test_the_last_step_counts_whatever_the_order_of_reports() -> None:
    """Steps may come unsorted, and others may lack some."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1), Watch())
    study = optuna.create_study(direction="maximize", pruner=pruner)
    for value in (0.5, 0.6):
        study.tell(report(study, (3, value), (1, 0.0)), value)
    assert not report(study, (1, 0.1)).should_prune()
    assert report(study, (3, 0.1), (1, 0.9)).should_prune()
    assert not report(study, (2, 0.0)).should_prune()  # nobody else was seen there


def test_nan_is_pruned_and_others_nan_beat_nobody() -> None:
    """A value that is none cannot be better than one that is."""
    pruner = CycleEndPruner(PruningRule(min_peers=2, min_kept=1), Watch())
    study = optuna.create_study(direction="maximize", pruner=pruner)
    assert report(study, (1, math.nan)).should_prune()
    for _ in range(3):
        report(study, (1, math.nan))
    assert not report(study, (1, -5.0)).should_prune()


def test_a_trial_without_reports_goes_on() -> None:
    """And so does one among no others."""
    pruner = CycleEndPruner(PruningRule(), Watch())
    study = optuna.create_study(direction="maximize", pruner=pruner)
    assert not study.ask().should_prune()
    assert not report(study, (1, 0.1)).should_prune()


def test_failed_and_waiting_trials_are_no_peers() -> None:
    """A retried trial stands beside the failed one that it repeats."""
    pruner = CycleEndPruner(PruningRule(min_peers=1, min_kept=1), Watch())
    study = optuna.create_study(direction="maximize", pruner=pruner)
    study.tell(report(study, (1, 0.9)), state=TrialState.FAIL)
    study.enqueue_trial({"x": 0.5})
    trial = report(study, (1, 0.1))
    assert "only 0 other trials" in pruner.decide(study, study.trials[trial.number]).reason
    assert not trial.should_prune()


@pytest.mark.parametrize("name", PRUNERS)
def test_every_pruner_serves_a_whole_study(name: str) -> None:
    """Few trials, many steps, a study optimised to its end."""
    pruner = make_pruner(name, Watch(), epochs=9)
    study = optuna.create_study(
        direction="maximize", pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0)
    )

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(1, 10):
            trial.report(x * step, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x

    study.optimize(objective, n_trials=30)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) == 30
    assert (TrialState.PRUNED in states) is (name not in ("none", "iepoch"))
    assert study.best_value > 0.9


def test_all_stop_at_the_first_rung_but_those_to_be_finished(memory: optuna.Study) -> None:
    """A trial to finish repeats a run that was stopped there, and must get past it."""
    pruner = FirstRungPruner()
    add(memory, (1, 0.9, False))
    add(memory, (1, 0.9, False), (2, 0.9, True))
    add(memory, (2, 0.9, True), **{attributes.FINISHES: 1})
    assert [pruner.prune(memory, trial) for trial in memory.trials] == [False, True, False]


@pytest.mark.parametrize(("num_trials", "milliseconds"), [(200, 2), (5_000, 20)])
def test_a_decision_costs_little(num_trials: int, milliseconds: float) -> None:
    """Two rungs of 64 losses a trial, in memory; the least of several, since machines are busy."""
    study = optuna.create_study(direction="maximize")
    rng = range(num_trials)
    values = [math.sin(n) for n in rng]
    losses = [0.01] * 64
    trials = []
    for n in rng:
        r2 = {"cross_modal": values[n], "overall": math.cos(3 * n)}
        history = [{"epoch": e, "judged": True, "r2": r2, "losses": losses} for e in (2, 6)]
        trials.append(
            create_trial(state=TrialState.PRUNED, user_attrs={attributes.HISTORY: history})
        )
    study.add_trials(trials)
    add(study, (2, 0.1, True), (6, 0.1, True))
    judged = study.trials[-1]
    pruner = CycleEndPruner(PruningRule(), Watch())
    taken = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(7):
            start = time.thread_time()
            pruner.decide(study, judged)
            taken.append(1e3 * (time.thread_time() - start))
    assert min(taken) < milliseconds
