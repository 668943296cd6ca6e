"""The objective: what a trial stores, and how it ends."""

import dataclasses
import math
from collections.abc import Callable

import optuna
import pytest
import torch

from avq_core.config.values import from_dict
from avq_core.data.preprocessing.splits import SearchSplits
from avq_core.training.loop import fit
from avq_core.training.resident import ResidentSplit, ResidentSplits
from search.objective import Objective
from search.pruners.cycle_end import CycleEndPruner
from search.pruners.rule import PruningRule
from studies.records import attributes
from studies.records.read import read_study
from studies.score import Watch
from studies.storage.open import open_storage

MakeObjective = Callable[..., Objective]


def test_a_trial_holds_its_whole_configuration_and_every_epoch(
    study: optuna.Study, make_objective: MakeObjective
) -> None:
    """Enough to train it again without the space or the code that suggested it."""
    study.optimize(make_objective(), n_trials=1)
    (trial,) = read_study(study).trials
    assert trial.state == "complete"
    assert trial.config is not None
    assert from_dict(trial.config).optim.lr == trial.params["optim.lr"]
    assert [epoch.epoch for epoch in trial.history] == [1, 2, 3]
    assert [epoch.judged for epoch in trial.history] == [True, False, True]
    assert trial.epochs == trial.planned_epochs == 3
    assert trial.reason == "finished all 3 epochs"
    assert set(trial.r2) == set(trial.num_labels) == {"lip_sync", "cross_modal", "overall"}


@pytest.mark.parametrize(("kind", "expected"), [("amx", "bf16"), ("none", "fp32")])
def test_the_precision_is_decided_once_and_stored(  # noqa: PLR0917 - fixtures
    study: optuna.Study,
    make_objective: MakeObjective,
    splits: ResidentSplits,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    expected: str,
) -> None:
    """What `auto` is on the trial's machine; elsewhere the stored configuration trains in the same."""
    monkeypatch.setattr("avq_core.training.precision.cpu_bf16", lambda: kind)
    monkeypatch.setattr("avq_core.training.precision._MIN_WORK", 0)
    objective = make_objective()
    fixed = {k: v for k, v in objective.job.space.fixed.items() if k != "training.precision"}
    space = objective.job.space.changed(fixed=fixed)
    job = dataclasses.replace(objective.job, space=space)
    study.optimize(dataclasses.replace(objective, job=job), n_trials=1)
    (trial,) = read_study(study).trials
    config = from_dict(trial.config)
    assert config.training.precision == expected
    assert trial.ran_on is not None
    assert trial.ran_on.precision == expected
    monkeypatch.setattr("avq_core.training.precision.cpu_bf16", lambda: "none")
    assert fit(config, splits).precision is (
        torch.bfloat16 if expected == "bf16" else torch.float32
    )


def test_the_score_is_that_of_the_best_judged_epoch(
    study: optuna.Study, make_objective: MakeObjective
) -> None:
    """The mean of both watched R² of that epoch, which the stored metrics name."""
    study.optimize(make_objective(), n_trials=3)
    for trial in read_study(study).trials:
        judged = {
            epoch.epoch: (epoch.r2["cross_modal"] + epoch.r2["overall"]) / 2
            for epoch in trial.judged
        }
        assert trial.score == pytest.approx(max(judged.values()))
        assert trial.best_epoch is not None
        assert judged[trial.best_epoch] == trial.score
    complete = [trial for trial in read_study(study).trials if trial.state == "complete"]
    assert complete
    assert [study.trials[trial.number].value for trial in complete] == [t.score for t in complete]


def test_a_stored_configuration_trains_to_the_stored_metrics(
    study: optuna.Study, make_objective: MakeObjective, splits: ResidentSplits
) -> None:
    """The number in the study can be made again from the study."""
    study.optimize(make_objective(), n_trials=1)
    (trial,) = read_study(study).trials
    again = fit(from_dict(trial.config), splits).history
    assert [e.r2 for e in again] == [e.r2 for e in trial.history]


def test_the_baseline_is_the_manual_and_is_never_pruned(
    study: optuna.Study, make_objective: MakeObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However poor its metrics are beside the others'."""
    import search.objective as module

    small = module.baseline_config(tasks=("lip_sync", "cross_modal", "overall"), epochs=3, seed=0)
    shrunk = module.to_dict(small)
    shrunk["model"] |= {"hidden_dim": 16, "num_layers": 1, "num_heads": 2}
    shrunk["optim"] |= {"lr": 1e-6, "cycle_epochs": 1}
    monkeypatch.setattr(module, "baseline_config", lambda **_: from_dict(shrunk))
    study.optimize(make_objective(), n_trials=4)
    study.enqueue_trial({}, user_attrs={attributes.BASELINE: True})
    study.optimize(make_objective(), n_trials=1)
    trial = read_study(study).trials[-1]
    assert trial.baseline
    assert trial.state == "complete"
    assert trial.params == {}


def test_a_trial_that_is_behind_is_pruned_at_a_cycle_end_with_its_reason(
    study: optuna.Study, make_objective: MakeObjective
) -> None:
    """Good trials first, then one whose steps are far too long."""
    for lr in (0.01, 0.015, 0.02):
        study.enqueue_trial({"optim.lr": lr, "model.hidden_dim": 16})
    study.optimize(make_objective(), n_trials=3)
    study.enqueue_trial({"optim.lr": 0.1, "model.hidden_dim": 16})
    study.optimize(make_objective(), n_trials=1)
    trial = read_study(study).trials[-1]
    assert trial.state == "pruned"
    assert trial.epochs == 1
    assert trial.reason is not None
    assert trial.reason.startswith("epoch 1: cross-modal R²")
    assert "go on" in trial.reason


def test_a_diverged_trial_is_pruned_and_the_study_goes_on(
    study: optuna.Study, make_objective: MakeObjective, splits: ResidentSplits
) -> None:
    """Infinite input makes the loss infinite; the next trial runs all the same."""
    broken = splits.train.streams["audio"].clone()
    broken[:, 0, 0] = math.inf
    train = ResidentSplit(
        streams=dict(splits.train.streams, audio=broken), targets=splits.train.targets
    )
    bad = ResidentSplits(schema=splits.schema, train=train, val=splits.val)
    study.optimize(make_objective(splits=bad), n_trials=1)
    study.optimize(make_objective(), n_trials=1)
    first, second = read_study(study).trials
    assert first.state == "pruned"
    assert first.reason == "diverged: non-finite loss in epoch 1, optimiser step 1"
    assert second.state == "complete"


def test_a_trial_too_large_for_the_device_is_infeasible(
    study: optuna.Study, make_objective: MakeObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pruned, so that the sampler learns to stay away, and the study goes on."""

    def refuse(*_: object) -> None:
        torch.empty(2**50, dtype=torch.uint8)

    monkeypatch.setattr("avq_core.model.network.Network.forward", refuse)
    study.optimize(make_objective(), n_trials=1)
    (trial,) = read_study(study).trials
    assert trial.state == "pruned"
    assert trial.reason == "infeasible: one sample at a time does not fit in the device's memory"


def test_a_bug_propagates(study: optuna.Study, make_objective: MakeObjective) -> None:
    """Nothing is swallowed: a study of failures must not look like a study of bad trials."""

    def bug() -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        study.optimize(make_objective(on_step=bug), n_trials=1)
    assert read_study(study).trials[0].state == "failed"


def test_there_is_no_way_from_the_objective_to_test() -> None:
    """Neither what it holds nor what that was made from has a test split."""
    fields = set(ResidentSplits.__dataclass_fields__) | set(SearchSplits.__dataclass_fields__)
    assert fields == {"schema", "train", "val"}


def test_weights_of_the_score_are_honoured() -> None:
    """All weight on one metric, and the other may be undefined."""
    watch = Watch(cross_modal_weight=1.0)
    assert watch.score(watch.pick({"cross_modal": 0.4, "overall": math.nan})) == 0.4
    even = Watch()
    assert math.isnan(even.score(even.pick({"cross_modal": 0.4, "overall": math.nan})))


def test_a_spared_trial_goes_on_past_its_verdict(
    study: optuna.Study, make_objective: MakeObjective
) -> None:
    """All are spared here: none is stopped, and those that would have been say so."""
    study.optimize(make_objective(audit_share=1.0), n_trials=12)
    trials = read_study(study).trials
    assert {trial.state for trial in trials} == {"complete"}
    marked = [trial for trial in trials if trial.spared]
    assert marked
    for trial in marked:
        assert trial.epochs == trial.planned_epochs
        assert trial.spared is not None
        assert trial.spared.epoch == 1
        assert "place" in trial.spared.reason


def test_who_is_spared_follows_from_the_trials_number(make_objective: MakeObjective) -> None:
    """Evenly, whichever worker runs it, and other trials for another seed."""
    study = optuna.create_study()
    trials = [study.ask() for _ in range(400)]
    drawn = [make_objective(audit_share=0.1)._is_spared(trial) for trial in trials]
    assert {sum(drawn[first : first + 100]) for first in range(300)} <= {9, 10, 11}
    assert sum(drawn) == 40
    assert drawn == [make_objective(audit_share=0.1)._is_spared(trial) for trial in trials]
    assert drawn != [make_objective(audit_share=0.1, seed=1)._is_spared(t) for t in trials]


def test_a_study_of_two_objectives_is_pruned_by_the_trials_records(
    storage: str, make_objective: MakeObjective
) -> None:
    """Optuna takes no reports there; the rule reads what the trials wrote down."""
    study = optuna.create_study(
        study_name="two",
        storage=open_storage(storage),
        directions=["maximize", "maximize"],
        pruner=CycleEndPruner(PruningRule(min_peers=2, min_kept=1, noise=0.0), Watch()),
        sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=4, multivariate=True),
    )
    study.optimize(make_objective(), n_trials=10)
    trials = read_study(study).trials
    assert {trial.state for trial in trials} == {"complete", "pruned"}
    for trial, frozen in zip(trials, study.trials, strict=True):
        assert frozen.intermediate_values == {}
        if trial.state == "complete":
            assert frozen.values == [trial.r2["cross_modal"], trial.r2["overall"]]
        else:
            assert "place" in (trial.reason or "")
    front = read_study(study).pareto_front
    assert {trial.number for trial in front} == {trial.number for trial in study.best_trials}


def test_a_judged_epoch_notes_its_losses_by_cluster(
    study: optuna.Study, make_objective: MakeObjective
) -> None:
    """They sum to what the score lacks of 1, and stand at judged epochs alone."""
    groups = tuple(f"g{i // 2}" for i in range(24))
    study.optimize(make_objective(val_groups=groups), n_trials=1)
    (trial,) = read_study(study).trials
    for entry in trial.history:
        assert (entry.losses is not None) is entry.judged
        assert (entry.decision is not None) is (entry.epoch == 1)  # a rung, and not the last epoch
        if entry.losses is not None:
            score = (entry.r2["cross_modal"] + entry.r2["overall"]) / 2
            assert len(entry.losses) == 12
            assert 1 - sum(entry.losses) == pytest.approx(score, abs=1e-4)
    assert [set(entry) for entry in study.trials[0].user_attrs[attributes.HISTORY]] == [
        {"epoch", "train_loss", "lr", "r2", "judged", "seconds", "losses", "decision"},
        {"epoch", "train_loss", "lr", "r2", "judged", "seconds"},
        {"epoch", "train_loss", "lr", "r2", "judged", "seconds", "losses"},
    ]


def test_the_storage_is_written_to_once_an_epoch_and_little_more(
    study: optuna.Study, make_objective: MakeObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report an epoch, three records a rung, four at start and end: 3 + 2 x 3 + 4."""
    written: list[str] = []
    for name in ("report", "set_user_attr"):
        plain = getattr(optuna.Trial, name)

        def counted(trial: optuna.Trial, *given: object, plain=plain, **named: object) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            written.append(plain.__name__)
            plain(trial, *given, **named)

        monkeypatch.setattr(optuna.Trial, name, counted)
    study.optimize(make_objective(), n_trials=1)
    assert written.count("report") == 3
    assert written.count("set_user_attr") <= 2 * 3 + 4
