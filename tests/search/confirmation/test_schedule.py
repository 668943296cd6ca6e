"""Which runs of a confirmation are wanted next."""

import math
from pathlib import Path

import numpy as np
import pytest
from commands import TASKS, write_tiny

from avq_core.config.data import DataConfig
from avq_core.config.values import with_values
from avq_core.data.store.balanced_folds import Fold
from avq_core.data.store.store import PreparedStore, prepare
from search.configure import baseline_config
from search.confirmation.confirm import _resume
from search.confirmation.held_out import Candidate
from search.confirmation.schedule import NUM_SEEDS, Cut, Rounds
from studies.records.codec import RunKey
from studies.records.confirmation import Confirmation, ConfirmationRun
from studies.score import Watch

FOLDS = 3
ROWS = np.arange(6)
CUT = [
    Fold(train=np.delete(ROWS, [2 * fold, 2 * fold + 1]), val=ROWS[2 * fold : 2 * fold + 2])
    for fold in range(FOLDS)
]
STORES = [Path(f"fold-{fold}") for fold in range(FOLDS)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PreparedStore:
    """A tiny file, prepared."""
    folder = tmp_path_factory.mktemp("rounds")
    source = str(write_tiny(folder))
    return prepare(source, DataConfig(), root=folder / "prepared", on_note=lambda _line: None)


def candidate(trial: int, *, width: int = 16, baseline: bool = False) -> Candidate:
    config = baseline_config(tasks=TASKS, epochs=1, seed=trial)
    small = {"model.hidden_dim": width, "model.num_heads": 2, "model.num_layers": 1}
    return Candidate(trial=trial, baseline=baseline, config=with_values(config, small))


def make(store: PreparedStore, runs: dict[RunKey, ConfirmationRun]) -> Rounds:
    field = [candidate(0, width=64, baseline=True), candidate(5), candidate(7, width=32)]
    return Rounds(field, store, Watch(), folds=CUT, seed=0, runs=runs)


def stored(score: float, losses: list[float] | None = None) -> ConfirmationRun:
    r2 = {"lip_sync": math.nan, "cross_modal": score, "overall": score}
    return ConfirmationRun(r2=r2, num_labels={}, losses=None if losses is None else tuple(losses))


def names(rounds: Rounds, *, min_tasks: int = 1) -> list[RunKey]:
    return [task.key for task in rounds.tasks(Cut(lambda: STORES), min_tasks=min_tasks)]


def test_the_first_round_comes_first_and_the_baseline_leads_it(store: PreparedStore) -> None:
    """It takes longest, so it starts at once."""
    first = [RunKey(trial, 0, 0) for trial in (0, 5, 7)]
    assert names(make(store, {})) == first


def test_slots_that_would_idle_get_runs_of_later_rounds_but_never_the_baselines(
    store: PreparedStore,
) -> None:
    """The one that is dropped most often is not trained ahead of its turn."""
    assert names(make(store, {}), min_tasks=5) == [
        *(RunKey(trial, 0, 0) for trial in (0, 5, 7)),
        *(RunKey(trial, 0, 1) for trial in (5, 7)),
    ]


def test_all_candidates_train_with_the_same_seeds_on_the_same_folds(store: PreparedStore) -> None:
    """Paired: what a fold is like, and what a seed brings, counts for nobody."""
    rounds = make(store, {})
    cut = Cut(lambda: STORES)
    tasks = rounds.tasks(cut, min_tasks=100)
    # The baseline is never ahead of its round, and a second seed is for what the first leaves open.
    for fold in range(FOLDS):
        for trial, score in ((0, 0.44), (5, 0.48), (7, 0.5)):
            rounds.runs[RunKey(trial, 0, fold)] = stored(score)
    tasks += rounds.tasks(cut, min_tasks=100)
    seeds: dict[tuple[int, int], set[int]] = {}
    for task in tasks:
        seeds.setdefault((task.key.seed, task.key.fold), set()).add(task.config.training.seed)
    assert len(seeds) == FOLDS * NUM_SEEDS
    assert all(len(of_round) == 1 for of_round in seeds.values())
    assert len(set.union(*seeds.values())) == FOLDS * NUM_SEEDS
    assert {task.store for task in tasks} == set(STORES)


def test_runs_that_are_there_are_not_made_again(store: PreparedStore) -> None:
    """A confirmation that was stopped goes on where it stands."""
    runs = {RunKey(5, 0, 0): stored(0.5)}
    assert names(make(store, runs)) == [RunKey(0, 0, 0), RunKey(7, 0, 0)]


def test_runs_on_other_folds_are_left_out_unless_none_is_missing(store: PreparedStore) -> None:
    """A study of an earlier release, whose folds were cut otherwise, is confirmed anew or stays as it is."""
    cut = tuple(fold.key for fold in CUT)
    begun = {RunKey(5, 0, 0): stored(0.5)}
    whole = {RunKey(t, s, f): stored(0.5) for t in (0, 5, 7) for s in range(2) for f in range(3)}
    for runs, before, after in ((begun, (), cut), (begun, cut, cut), (whole, (), ())):
        confirmation = Confirmation(runs=runs, cut=before)
        resumed, rounds = _resume(confirmation, cut, lambda kept: make(store, dict(kept)))
        assert resumed.cut == after
        assert rounds.runs == (runs if before == after else {})


def test_who_was_dropped_gets_no_further_run(store: PreparedStore) -> None:
    """The manual's network, far behind on every clip, is trained once."""
    good, poor = [0.01] * 20 + [0.02] * 10, [0.04] * 20 + [0.05] * 10
    runs = {RunKey(trial, 0, 0): stored(0.6, good) for trial in (5, 7)}
    runs[RunKey(0, 0, 0)] = stored(-0.3, [loss + 0.001 * n for n, loss in enumerate(poor)])
    rounds = make(store, runs)
    assert names(rounds) == [RunKey(5, 0, 1), RunKey(7, 0, 1)]
    assert rounds.progress() == (3, 3 + 2 * (FOLDS - 1))


@pytest.mark.parametrize(
    ("simple", "large", "wanted"),
    [(0.5, 0.5, [5, 7]), (0.5, 0.47, [5, 7]), (0.47, 0.5, [5, 7]), (0.5, 0.44, [])],
)
def test_a_second_seed_is_for_who_could_still_overtake_the_leader(
    store: PreparedStore, simple: float, large: float, wanted: list[int]
) -> None:
    """Whichever leads: the simpler one, the larger one, or both; the manual baseline is out of reach."""
    scores = {0: 0.42, 5: simple, 7: large}
    runs = {
        RunKey(trial, 0, fold): stored(score)
        for trial, score in scores.items()
        for fold in range(FOLDS)
    }
    rounds = make(store, runs)
    assert names(rounds, min_tasks=1) == [RunKey(trial, 1, 0) for trial in wanted]
    done = 3 * FOLDS
    assert rounds.progress() == (done, done + FOLDS * len(wanted))


def test_the_folds_are_cut_when_the_first_run_is_wanted(store: PreparedStore) -> None:
    """A confirmation that is whole reads no data."""
    runs = {
        RunKey(trial, seed, fold): stored(0.5)
        for trial in (0, 5, 7)
        for seed in range(NUM_SEEDS)
        for fold in range(FOLDS)
    }

    def fail() -> list[Path]:
        raise AssertionError("cut without need")

    assert make(store, runs).tasks(Cut(fail), min_tasks=10) == []


def test_the_simpler_network_has_fewer_weights(store: PreparedStore) -> None:
    """Counted without making it."""
    weights = make(store, {}).parameters
    assert 0 < weights[5] < weights[7] < weights[0]
