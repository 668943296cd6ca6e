"""The peers train what our own search trains, and report it as their libraries' users would."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import pytest
import torch
from commands import TASKS, write_tiny

from avq_core.config.data import DataConfig
from avq_core.config.values import from_dict, to_dict
from avq_core.data.store.store import prepare
from avq_core.errors import NonFiniteLossError
from avq_core.training.loop import EpochRecord
from avq_core.training.resident import ResidentSplits
from benchmarks.search import optuna_peers, ray_peer, training
from benchmarks.search.confirmation import fold_config
from benchmarks.search.methods import METHODS
from benchmarks.search.results import TrialRun
from search.job import Job
from search.objective import Objective


def run_peer(method: str, job: Job, splits: ResidentSplits) -> list[TrialRun]:
    """A whole search of a peer, in this process and with its threads as they are."""
    study = optuna_peers.make_study(method, job)
    study.optimize(optuna_peers.make_objective(job, splits), n_trials=job.trials)
    return optuna_peers.trial_runs(study, job, splits.schema.tasks)


@pytest.mark.parametrize("method", optuna_peers.PEERS)
def test_a_peer_tries_the_spaces_start_first_and_then_its_own_points(
    method: str, job: Job, splits: ResidentSplits
) -> None:
    """Every trial within the space, with the configuration that gave its score."""
    trials = run_peer(method, job, splits)
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    first = from_dict(trials[0].config)
    assert (first.model.hidden_dim, first.model.lag_channels, first.optim.lr) == (8, 2, 1e-2)
    assert len({trial.config["optim"]["lr"] for trial in trials}) == 4
    scored = [trial for trial in trials if trial.score is not None]
    assert scored
    assert {(trial.epochs, trial.best_epoch) for trial in scored} == {(3, 3)}
    assert all(trial.best_epoch == 0 for trial in trials if trial.score is None)
    assert all(trial.started < trial.ended for trial in trials)


def test_a_peer_trains_what_our_own_objective_trains(job: Job, splits: ResidentSplits) -> None:
    """The same values as the same trial give the same score in every epoch, to the last digit."""
    objective = Objective(job=job, splits=splits, worker="test", on_step=lambda: None)
    scores = []
    for train in (objective, optuna_peers.make_objective(job, splits)):
        study = optuna_peers.make_study("random", job)
        study.optimize(train, n_trials=2)
        scores.append([trial.intermediate_values for trial in study.trials])
    assert scores[0] == scores[1]
    assert list(scores[0][0]) == [1, 2, 3]


def test_a_peers_score_is_the_last_epochs(
    job: Job, splits: ResidentSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the best epoch's: that is what a plain objective returns."""
    rising_and_falling = iter([0.1, 0.9, 0.2])

    def train(*_: object, report: object) -> bool:
        for epoch, score in enumerate(rising_and_falling, start=1):
            report(epoch, score)  # type: ignore[operator]
        return True

    monkeypatch.setattr(optuna_peers, "train", train)
    study = optuna_peers.make_study("random", job)
    study.optimize(optuna_peers.make_objective(job, splits), n_trials=1)
    (trial,) = optuna_peers.trial_runs(study, job, splits.schema.tasks)
    assert (trial.score, trial.best_epoch) == (0.2, 3)


@pytest.mark.parametrize("method", ["optuna-median", "optuna-hyperband"])
def test_no_peer_stops_a_trial_before_its_first_cycle_ends(method: str, job: Job) -> None:
    """Inside a cycle, scores tell the learning rate's phase; at its end, who is behind is stopped."""
    space = job.space.changed(fixed={"optim.cycle_epochs": 2})
    study = optuna_peers.make_study(method, dataclasses.replace(job, space=space))
    for _ in range(8):
        good = study.ask()
        for epoch in (1, 2, 3):
            good.report(0.5, step=epoch)
            good.should_prune()  # which is when Hyperband notes a score
        study.tell(good, 0.5)
    behind = [study.ask() for _ in range(4)]
    for trial in behind:
        trial.report(-9.0, step=1)
        assert not trial.should_prune()
        trial.report(-9.0, step=2)
    assert any(trial.should_prune() for trial in behind)


def test_scores_that_are_not_finite_end_a_run_even_at_its_last_epoch(
    job: Job, splits: ResidentSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is whole only where every epoch has a score; what was not finite is not reported."""

    def fit(*_: object, on_epoch: Callable[[EpochRecord], bool]) -> None:
        for epoch, r2 in enumerate((0.1, 0.2, math.nan), start=1):
            by_task = dict.fromkeys(splits.schema.tasks, r2)
            record = EpochRecord(
                epoch=epoch,
                train_loss=1.0,
                lr=0.1,
                r2=by_task,
                val_scores=np.zeros((1, 3), np.float32),
                judged=True,
                seconds=1.0,
            )
            assert on_epoch(record) is math.isnan(r2)

    monkeypatch.setattr(training, "fit", fit)
    config = training.trial_config(job, job.space.start, number=0, tasks=splits.schema.tasks)
    reported: list[tuple[int, float]] = []
    whole = training.train(config, splits, job, report=lambda *args: reported.append(args))
    assert not whole
    assert reported == [(1, 0.1), (2, 0.2)]


def test_a_trial_that_diverges_is_stopped_and_has_no_score(
    job: Job, splits: ResidentSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the epochs that it spent before."""

    def diverge(*_: object, **__: object) -> None:
        raise NonFiniteLossError(epoch=1, step=1)

    monkeypatch.setattr(training, "fit", diverge)
    for trial in run_peer("random", job, splits):
        assert (trial.score, trial.best_epoch, trial.epochs) == (None, 0, 0)


def test_rays_space_is_ours_with_the_trials_number(job: Job) -> None:
    """Conditions included: what does not matter at a point is not asked for."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(20):
        values = ray_peer.define(study.ask(), space=job.space)
        assert values.pop("trial_number") == number
        assert job.space.contains(values)


def test_rays_trials_report_each_epoch_as_optunas_do(job: Job, tmp_path: Path) -> None:
    """From the store's folder alone, and to the same scores for the same trial."""
    store = prepare(str(write_tiny(tmp_path)), DataConfig(), root=tmp_path / "prepared")
    stored_job = dataclasses.replace(job, store=store.path)
    reports: list[dict[str, float]] = []
    config = {**job.space.start, "trial_number": 0}
    ray_peer.train_trial(config, job=stored_job, report=reports.append)
    (first, *_) = run_peer(
        "random", stored_job, training.load_splits(store.path, torch.device("cpu"))
    )
    assert [report["epoch"] for report in reports] == [1, 2, 3]
    assert reports[-1]["score"] == first.score
    last = ray_peer.trial_run(stored_job, config, reports[-1], tasks=TASKS)
    assert (last.config, last.score, last.best_epoch) == (first.config, first.score, 3)
    assert last.started < last.ended


def test_folds_train_the_best_epochs_configuration_with_seeds_of_their_own(
    job: Job, splits: ResidentSplits
) -> None:
    """The seed follows from benchmark and fold, not from the trial, so methods are paired."""
    trials = [trial for trial in run_peer("random", job, splits) if trial.score is not None]
    configs = [[fold_config(trial, seed=7, fold=fold) for fold in (0, 1)] for trial in trials]
    for first, second in configs:
        assert first.training.epochs == second.training.epochs == 3
    seeds = {tuple(config.training.seed for config in pair) for pair in configs}
    assert len(seeds) == 1
    assert len(set(*seeds)) == 2
    assert to_dict(configs[0][0])["optim"] == trials[0].config["optim"]
    assert not math.isclose(configs[0][0].optim.lr, configs[1][0].optim.lr)


def test_every_method_but_ours_and_rays_is_one_of_optunas() -> None:
    """The command knows no method that nobody runs."""
    assert {*optuna_peers.PEERS, "ours", "ray-asha"} == set(METHODS)
