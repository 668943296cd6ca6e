"""Simulated studies: what is drawn, and what a rule's choice costs."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.pruners.rules import Median, Nothing
from benchmarks.pruners.simulate import Plan, regret_of, replay, simulate
from benchmarks.pruners.trials import Outcome, Trials
from search.pruners.rule import PruningRule
from studies.score import Watch

RULES = {"none": Nothing(), "median": Median(), "cycle": PruningRule()}
PLAN = Plan(rules=RULES, studies=7, trials=30, seed=1)


def flat(finals: list[float]) -> Trials:
    """Trials that score the same from their first epoch to their second and last."""
    values = np.array(finals)
    return Trials.make(
        name="flat",
        metrics=np.stack([np.stack([values, values], axis=1)] * 2, axis=1),
        lengths=np.full(len(finals), 2),
        rungs=[[1]] * len(finals),
        watch=Watch(),
    )


def outcome(*complete: bool) -> Outcome:
    return Outcome(spent=np.ones(len(complete), int), complete=np.array(complete))


def test_the_regret_is_what_the_best_complete_trial_lacks() -> None:
    """Of two that are best, either will do."""
    trials = flat([0.1, 0.5, 0.5, np.nan])
    assert regret_of(trials, outcome(True, False, True, False)) == 0
    assert regret_of(trials, outcome(True, False, False, False)) == pytest.approx(0.4)


def test_a_study_without_a_complete_trial_chooses_no_better_than_at_random() -> None:
    """The median counts; where all diverge there was nothing to miss."""
    assert regret_of(flat([0.1, 0.2, 0.5]), outcome(*[False] * 3)) == pytest.approx(0.3)
    assert regret_of(flat([np.nan, np.nan]), outcome(False, False)) == 0


def test_shares_are_of_what_no_pruning_spends() -> None:
    """A trial that diverges ends early under every rule, so it makes no rule look cheap."""
    study = replay(flat([0.5, np.nan]), {"none": Nothing()}, pair="a + b")
    assert study.results["none"].epochs == 3
    assert study.results["none"].share == 1
    assert study.best == 0.5


def test_every_pair_has_its_share_of_the_studies(make_trials: Callable[..., Trials]) -> None:
    """Seven studies over three pairs, each of other trials, the same again with the same seed."""
    pairs = [make_trials(seed) for seed in range(3)]
    studies = simulate(pairs, PLAN, workers=1)
    counts = [sum(study.pair == pair.name for study in studies) for pair in pairs]
    assert sorted(counts) == [2, 2, 3]
    assert len({study.results["none"].epochs for study in studies}) > 3
    assert all(study.trials == 30 for study in studies)
    assert simulate(pairs, PLAN, workers=1) == studies


def test_the_scaled_regret_counts_from_the_best_to_the_median_of_all(
    make_trials: Callable[..., Trials],
) -> None:
    """Of the pair's configurations, whichever of them a study draws."""
    trials = make_trials(0)
    finals = trials.final[trials.finishes]
    unit = finals.max() - np.median(finals)
    for study in simulate([trials], PLAN, workers=1):
        for result in study.results.values():
            assert result.scaled == pytest.approx(result.regret / unit)
            assert result.missed == (result.regret > 0)


@pytest.mark.slow
def test_processes_change_nothing(make_trials: Callable[..., Trials]) -> None:
    """Two of them give what one gives."""
    pairs = [make_trials(seed) for seed in range(2)]
    assert simulate(pairs, PLAN, workers=2) == simulate(pairs, PLAN, workers=1)
