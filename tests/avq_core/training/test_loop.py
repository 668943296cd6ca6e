"""The training loop: it learns, repeats itself, and stops when it must."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from avq_core.config.model import ModelConfig
from avq_core.config.training import TrainConfig
from avq_core.config.values import with_values
from avq_core.data.schema import Schema
from avq_core.errors import ConfigError, NonFiniteLossError, OutOfDeviceMemoryError
from avq_core.model.network import Network
from avq_core.training.loop import EpochRecord, FitResult, fit
from avq_core.training.metrics import r2_by_task
from avq_core.training.resident import ResidentSplit, ResidentSplits
from avq_core.training.scoring import clips_at_once, predict

MakeConfig = Callable[..., TrainConfig]


def weights_of(result: FitResult) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in result.network.parameters()])


def test_a_small_network_learns_its_train_split_by_heart(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """Everything from batch to optimiser works together: R² on train becomes nearly perfect."""
    config = make_config(
        model={"hidden_dim": 32, "head": "linear"},
        optim={"lr": 5e-3, "cycle_epochs": 60},
        training={"epochs": 60},
    )
    on_itself = ResidentSplits(schema=splits.schema, train=splits.train, val=splits.train)
    result = fit(config, on_itself)
    assert min(result.history[-1].r2.values()) > 0.95
    assert result.history[-1].train_loss < 0.05 * result.history[0].train_loss


def test_what_is_learned_carries_over_to_val(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """Validation R² rises clearly above 0, which predicting the mean would give."""
    config = make_config(optim={"lr": 1e-2, "cycle_epochs": 20}, training={"epochs": 20})
    assert fit(config, splits).history[-1].r2["overall"] > 0.2


def test_a_run_is_a_function_of_its_seed(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """The same seed gives the same weights, another seed gives others, dropout included."""
    config = make_config(model={"dropout": 0.4})
    first, again = fit(config, splits), fit(config, splits)
    other = fit(with_values(config, {"training.seed": 1}), splits)
    assert torch.equal(weights_of(first), weights_of(again))
    assert not torch.equal(weights_of(first), weights_of(other))


def test_a_run_leaves_the_global_generator_alone(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """Nothing outside depends on whether a network was trained in between."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(make_config(model={"dropout": 0.4}), splits)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("micro", [1, 3, 16])
def test_gradient_accumulation_changes_nothing(
    splits: ResidentSplits, make_config: MakeConfig, micro: int
) -> None:
    """Any micro-batch gives the weights of the whole batch, missing labels and all."""
    whole = fit(make_config(), splits)
    cut = fit(make_config(training={"micro_batch_size": micro}), splits)
    torch.testing.assert_close(weights_of(cut), weights_of(whole), atol=2e-4, rtol=1e-3)


def test_learning_rate_moves_within_an_epoch(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """The record's rate is the epoch's last step's: beyond the epoch's start, above the floor."""
    history = fit(make_config(optim={"lr": 1e-3, "cycle_epochs": 2}), splits).history
    assert history[0].lr < 1e-3
    assert history[1].lr < history[0].lr
    assert history[1].lr > 1e-6


def test_judged_epochs_are_the_cycle_ends(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """Cycles of 1, 2 and 4 epochs end at 1, 3 and 7."""
    config = make_config(optim={"cycle_epochs": 1}, training={"epochs": 7})
    assert [r.epoch for r in fit(config, splits).history if r.judged] == [1, 3, 7]


def test_on_epoch_may_stop_the_run(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """A pruner needs no exception to stop a run."""
    seen: list[EpochRecord] = []

    def stop_at_two(record: EpochRecord) -> bool:
        seen.append(record)
        return record.epoch == 2

    result = fit(make_config(training={"epochs": 5}), splits, on_epoch=stop_at_two)
    assert [record.epoch for record in seen] == [1, 2]
    assert result.stopped
    assert not result.network.training


def test_on_step_may_abandon_the_run(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """Ctrl-C takes effect between two optimiser steps, not only between epochs."""
    steps: list[int] = []

    def abandon() -> None:
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(make_config(), splits, on_step=abandon)
    assert len(steps) == 2


def test_non_finite_loss_stops_before_the_optimiser_steps(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """One infinite input: the run ends in the first epoch and names the step."""
    broken = splits.train.streams["audio"].clone()
    broken[7, 2, 1] = float("inf")
    train = type(splits.train)(
        streams=dict(splits.train.streams, audio=broken), targets=splits.train.targets
    )
    bad = ResidentSplits(schema=splits.schema, train=train, val=splits.val)
    with pytest.raises(NonFiniteLossError, match="non-finite loss in epoch 1, optimiser step"):
        fit(make_config(), bad)


def full_gpu() -> None:
    raise torch.OutOfMemoryError("no room")


def full_cpu() -> None:
    torch.empty(2**50, dtype=torch.uint8)


def full_for_cublas() -> None:
    raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


class Limited(Network):
    """A network on a device where only so many samples fit."""

    limit = 4
    refuse = staticmethod(full_gpu)

    def forward(self, streams: Mapping[str, torch.Tensor], *rest: Any) -> torch.Tensor:
        """Refuses batches over the limit, as a full device does; to score, it takes one clip more."""
        if len(next(iter(streams.values()))) > self.limit + (not self.training):
            self.refuse()
        return super().forward(streams, *rest)


@pytest.mark.parametrize("refuse", [full_gpu, full_cpu, full_for_cublas])
def test_out_of_memory_is_retried_with_smaller_micro_batches(
    splits: ResidentSplits,
    make_config: MakeConfig,
    monkeypatch: pytest.MonkeyPatch,
    refuse: Callable[[], None],
) -> None:
    """The same effective batch in smaller pieces gives the same weights, wherever memory is short."""
    expected = weights_of(fit(make_config(), splits))
    monkeypatch.setattr("avq_core.training.loop.Network", Limited)
    monkeypatch.setattr(Limited, "refuse", staticmethod(refuse))
    torch.testing.assert_close(
        weights_of(fit(make_config(), splits)), expected, atol=2e-4, rtol=1e-3
    )


def test_out_of_memory_at_one_sample_is_an_error(
    splits: ResidentSplits, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The micro-batch cannot become any smaller."""
    monkeypatch.setattr("avq_core.training.loop.Network", Limited)
    monkeypatch.setattr(Limited, "limit", 0)
    with pytest.raises(OutOfDeviceMemoryError, match="one sample at a time does not fit"):
        fit(make_config(), splits)


def test_weights_must_name_the_datas_tasks(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """A weight for a task that is not in the data is an error, not ignored."""
    config = make_config(training={"task_weights": {"overall": 1.0, "lip_sink": 1.0}})
    with pytest.raises(ConfigError, match=r"lip_sink.*give every task of the data one weight"):
        fit(config, splits)


def test_bf16_runs_and_stays_close(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """Autocast trains to nearly the same loss."""
    full = fit(make_config(), splits)
    half = fit(make_config(training={"precision": "bf16"}), splits)
    assert half.precision is torch.bfloat16
    assert half.history[-1].train_loss == pytest.approx(full.history[-1].train_loss, rel=0.05)


def test_predictions_do_not_depend_on_the_batch(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """Scores of a split are (N, K), one row a sample, whatever the batching."""
    result = fit(make_config(), splits)
    scores = predict(result.network, splits.train, precision=torch.float32)
    assert scores.shape == (48, 3)
    row = type(splits.train)(
        streams={n: x[5:6] for n, x in splits.train.streams.items()},
        targets=splits.train.targets[5:6],
    )
    alone = predict(result.network, row, precision=torch.float32)
    np.testing.assert_allclose(alone[0], scores[5], atol=1e-5)


def test_a_cpu_takes_as_many_clips_at_once_as_stay_in_its_caches(schema: Schema) -> None:
    """Few for a large network, all for a small one; at least one, and at most `max_clips`."""
    cpu = torch.device("cpu")
    small = Network(ModelConfig(hidden_dim=16, num_layers=1, num_heads=2), schema)
    assert clips_at_once(small, cpu, max_clips=32) == 32
    small.largest_activation = 150 * 2400  # the manual's network on 150 frames
    assert clips_at_once(small, cpu, max_clips=32) == 8
    small.largest_activation = 10**9
    assert clips_at_once(small, cpu, max_clips=32) == 1
    assert clips_at_once(small, torch.device("cuda"), max_clips=32) == 32


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_trains_to_the_cpus_loss(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """Without dropout a GPU computes what a CPU computes."""
    device = torch.device("cuda")
    moved = {
        side: type(splits.train)(
            streams={n: x.to(device) for n, x in getattr(splits, side).streams.items()},
            targets=getattr(splits, side).targets.to(device),
        )
        for side in ("train", "val")
    }
    on_gpu = fit(make_config(), ResidentSplits(schema=splits.schema, **moved))
    on_cpu = fit(make_config(), splits)
    assert on_gpu.history[-1].train_loss == pytest.approx(on_cpu.history[-1].train_loss, rel=1e-2)


def test_an_ema_is_judged_and_kept(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """The moving average of the weights is evaluated and returned; the training is unchanged."""
    config = make_config(training={"epochs": 3}, optim={"cycle_epochs": 3})
    plain = fit(config, splits)
    averaged = fit(with_values(config, {"training.ema": 0.9}), splits)
    assert [e.train_loss for e in averaged.history] == [e.train_loss for e in plain.history]
    assert not torch.equal(weights_of(averaged), weights_of(plain))
    targets = splits.val.targets.numpy()
    scores = predict(averaged.network, splits.val, precision=averaged.precision)
    again = r2_by_task(scores, targets, splits.schema.tasks)
    assert again == pytest.approx(averaged.history[-1].r2)


def test_a_normalised_loss_does_not_depend_on_the_labels_units(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """A task whose labels are a hundred times smaller weighs as much as before."""
    config = make_config(training={"epochs": 1, "normalise_loss": True}, model={"head": "linear"})
    base = fit(config, splits).history[0].train_loss
    factor = torch.tensor([1.0, 0.01, 1.0])
    centre = splits.train.targets.nanmean(dim=0)
    smaller = centre + (splits.train.targets - centre) * factor
    train = dataclasses.replace(splits.train, targets=smaller)
    scaled = fit(config, dataclasses.replace(splits, train=train)).history[0].train_loss
    plain = with_values(config, {"training.normalise_loss": False})
    unscaled = fit(plain, dataclasses.replace(splits, train=train)).history[0].train_loss
    assert scaled > 0.3 * base
    assert unscaled < 0.5 * scaled


def test_a_large_gradient_is_clipped(splits: ResidentSplits, make_config: MakeConfig) -> None:
    """A tiny bound changes the weights; a bound that no gradient reaches does not."""
    config = make_config(training={"epochs": 1})
    free, bound = fit(config, splits), fit(with_values(config, {"optim.clip_norm": 1e-9}), splits)
    assert not torch.equal(weights_of(free), weights_of(bound))
    loose = fit(with_values(config, {"optim.clip_norm": 1e9}), splits)
    assert torch.equal(weights_of(free), weights_of(loose))


def test_the_deviation_over_time_is_learned_by_the_statistics_path(
    splits: ResidentSplits, make_config: MakeConfig
) -> None:
    """The manual's mean over time hardly sees it. The path is fitted on train and used on val."""

    def with_deviation_as_label(split: ResidentSplit) -> ResidentSplit:
        deviation = split.streams["audio"][:, :, 0].float().std(dim=1)
        return dataclasses.replace(split, targets=deviation[:, None].expand(-1, 3).clone())

    other = dataclasses.replace(
        splits,
        train=with_deviation_as_label(splits.train),
        val=with_deviation_as_label(splits.val),
    )
    config = make_config(
        model={"statistics_width": 16, "head": "linear"},
        optim={"lr": 1e-2, "cycle_epochs": 40},
        training={"epochs": 40},
    )
    assert fit(config, other).history[-1].r2["overall"] > 0.5
    assert other.train._cache["statistics"].shape == (48, 32)
