"""Searches simulated on recorded curves."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial

from benchmarks.simulated_search.landscape import Landscape
from benchmarks.simulated_search.methods import Method, make_method
from benchmarks.simulated_search.rule import Verdict
from benchmarks.simulated_search.simulation import Search, run_search


def method_of(landscape: Landscape, name: str) -> Method:
    watch, first_rung = landscape.trials.watch, landscape.trials.rungs[0][0]
    return make_method(name, watch, first_rung=first_rung, gain=1.5)


def search(
    landscape: Landscape, name: str, *, trials: int = 60, luck: float = 0.0, seed: int = 0
) -> Search:
    method = method_of(landscape, name)
    return run_search(landscape, method, trials=trials, luck=luck, seed=seed)


def test_a_method_may_search_more_than_once(landscape: Landscape) -> None:
    """It makes a rule for each search, so nothing of the first search is left in the second."""
    method = method_of(landscape, "ours/cycle")
    _, second = (run_search(landscape, method, trials=40, luck=0.1, seed=s) for s in (0, 1))
    assert second == search(landscape, "ours/cycle", trials=40, luck=0.1, seed=1)


@pytest.mark.parametrize(("name", "workers"), [("optuna/none", 1), ("ours/none", 2)])
def test_without_pruning_every_configuration_is_trained_to_its_end(
    name: str, workers: int, landscape: Landscape
) -> None:
    """Each of the 60 once, and the last incumbent is the best of all."""
    result = search(landscape, name)
    trials = landscape.trials
    assert result.epochs == trials.ends.sum()
    if workers == 1:
        assert result.time == result.epochs
    else:
        shortest = result.epochs / 1.5
        assert shortest <= result.time < shortest + trials.lengths.max() / 0.75
    scores = [score for _, score in result.curve]
    assert scores == sorted(scores)
    assert scores[-1] == np.nanmax(trials.final)


@pytest.mark.parametrize(
    "name",
    [
        "optuna/median:warmup=0",
        "optuna/halving",
        "ours/cycle",
        "ours:num_startup=8,prior=false/cycle:min_peers=8",
    ],
)
def test_a_rule_saves_epochs_and_a_search_repeats(name: str, landscape: Landscape) -> None:
    """The same seed gives the same search, and another seed another one."""
    result = search(landscape, name, luck=0.1)
    assert 0 < result.epochs < landscape.trials.ends.sum()
    assert result.curve
    assert search(landscape, name, luck=0.1) == result
    assert search(landscape, name, luck=0.1, seed=1) != result


def test_incumbents_are_reported_by_their_true_scores(landscape: Landscape) -> None:
    """A lucky one takes the place of a better one, so the curve may fall."""
    true_scores = set(landscape.trials.final[landscape.trials.finishes].tolist())
    curves = [search(landscape, "ours/none", luck=0.5, seed=seed).curve for seed in range(6)]
    assert all(score in true_scores for curve in curves for _, score in curve)
    assert any(np.diff([score for _, score in curve]).min(initial=0) < 0 for curve in curves)


@pytest.mark.parametrize("name", ["optuna/none", "ours:prior=false/none"])
def test_the_sampler_learns_from_the_trials_before(
    name: str, landscape: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its late trials are better than random ones; a sampler that saw an outdated study would draw at random."""
    tried: list[int] = []
    nearest = Landscape.nearest

    def remember(self: Landscape, *arguments: np.ndarray) -> int:
        tried.append(nearest(self, *arguments))  # type: ignore[arg-type]
        return tried[-1]

    def late_quality(method: Method) -> float:
        tried.clear()
        for seed in range(5):
            run_search(landscape, method, trials=30, luck=0.0, seed=seed)
        return float(landscape.places[tried, 0].reshape(5, 30)[:, 15:].mean())

    monkeypatch.setattr(Landscape, "nearest", remember)
    method = method_of(landscape, name)
    at_random = dataclasses.replace(
        method, sampler=lambda _space, seed, number: RandomSampler(seed=100 * seed + number)
    )
    assert late_quality(method) > late_quality(at_random) + 0.1


class PauseAtFirstRung:
    """Pauses every trial at its first rung and resumes the best one as soon as `enough` are paused."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.resumed: list[int] = []

    def judges_at(self, epoch: int, rungs: Sequence[int]) -> bool:
        """At the first rung alone."""
        return epoch == rungs[0]

    def judge(self, _study: optuna.Study, _trial: FrozenTrial) -> Verdict:
        """Pauses it."""
        return Verdict.PAUSE

    def resume(self, _study: optuna.Study, paused: Sequence[FrozenTrial]) -> int | None:
        """The best of enough paused trials."""
        if len(paused) < self.enough:
            return None
        best = max(paused, key=lambda trial: trial.intermediate_values[trial.last_step])
        self.resumed.append(best.number)
        return best.number


@pytest.mark.parametrize("workers", [1, 3])
def test_a_paused_trial_frees_its_worker_and_goes_on_where_it_stood(
    workers: int, landscape: Landscape
) -> None:
    """With a rule that asks for 10 paused trials, all but 9 of those that reach the rung are resumed."""
    rule = PauseAtFirstRung(enough=10)
    base = method_of(landscape, "optuna/none")
    method = dataclasses.replace(base, rule=lambda: rule, workers=workers)
    result = run_search(landscape, method, trials=40, luck=0.0, seed=0)
    trials = landscape.trials
    assert len(set(rule.resumed)) == len(rule.resumed) >= 40 - 9 - int((~trials.finishes).sum())
    longest, first_rung = int(trials.lengths.max()), trials.rungs[0][0]
    full = 40 * longest - 9 * (longest - first_rung)
    assert full - longest * int((~trials.finishes).sum()) <= result.epochs <= full
    assert result.curve


def test_trials_that_are_never_resumed_cost_the_epochs_before_their_pause(
    landscape: Landscape,
) -> None:
    """The search ends, and none of them can be the incumbent."""
    rule = PauseAtFirstRung(enough=1_000)
    method = dataclasses.replace(method_of(landscape, "ours/none"), rule=lambda: rule)
    result = run_search(landscape, method, trials=60, luck=0.0, seed=0)
    assert result.epochs == np.minimum(landscape.trials.ends, landscape.trials.rungs[0][0]).sum()
    assert result.curve == []
