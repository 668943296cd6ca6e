"""The training loop: takes a configuration and two splits, returns a trained network and its metrics.

Shapes: N samples, B effective batch, b micro-batch, K tasks.
"""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from avq_core.config.training import TrainConfig
from avq_core.errors import ConfigError, NonFiniteLossError, OutOfDeviceMemoryError
from avq_core.memory import is_out_of_memory
from avq_core.model.network import Network
from avq_core.training.augment import Windows, crop_frames, draw_windows
from avq_core.training.device import isolated_randomness
from avq_core.training.losses import label_variances, masked_mse, observed_counts
from avq_core.training.metrics import r2_by_task
from avq_core.training.precision import dtype_of, settled
from avq_core.training.resident import ResidentSplits
from avq_core.training.schedule import judged_epochs, learning_rate
from avq_core.training.scoring import autocast, clips_at_once, predict, scores_of
from avq_core.training.seeds import RunStream, stream_seed


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochRecord:
    """The metrics of one epoch."""

    epoch: int
    """Counted from 1."""
    train_loss: float
    """Weighted masked loss, averaged over the epoch's effective batches."""
    lr: float
    """Learning rate at the epoch's last optimiser step."""
    r2: dict[str, float]
    """Validation R² by task; NaN where it is not defined."""
    judged: bool
    """Whether this epoch's metrics count: a cosine cycle ends here (`schedule.judged_epochs`)."""
    val_scores: npt.NDArray[np.float32]
    """(N, K) on val, in the scaled units of the targets."""
    seconds: float
    """Wall-clock time of training and validation."""


@dataclass(kw_only=True, slots=True)
class FitResult:
    """A finished or stopped run."""

    network: Network
    """After the last epoch, in evaluation mode; with `ema`, the moving average of the weights."""
    precision: torch.dtype
    """Precision of its matrix products."""
    history: list[EpochRecord] = field(default_factory=list)
    stopped: bool = False
    """Whether `on_epoch` asked to stop before the last epoch."""


def fit(
    config: TrainConfig,
    splits: ResidentSplits,
    *,
    on_epoch: Callable[[EpochRecord], bool] | None = None,
    on_step: Callable[[], None] | None = None,
) -> FitResult:
    """Trains a configuration. The result depends on the arguments only, which include the seed.

    Args:
        config: Model, optimiser and training settings; it must give every task a weight.
        splits: Train and val, on the device to run on.
        on_epoch: Called with each epoch's record; returns True to stop after that epoch.
        on_step: Called before each micro-batch; an exception that it raises ends the run.

    Returns:
        The network after its last epoch, and every epoch's record.

    Raises:
        ConfigError: The task weights do not name exactly the data's tasks.
        NonFiniteLossError: The loss became NaN or infinite; the optimiser did not step on it.
        OutOfDeviceMemoryError: Not even one sample at a time fits.
    """
    try:
        return _fit(config, splits, on_epoch=on_epoch, on_step=on_step)
    except OutOfDeviceMemoryError:
        raise
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        # For the weights or the optimiser's state, which a smaller micro-batch does not help.
        message = "the network itself does not fit in the device's memory"
        raise OutOfDeviceMemoryError(message) from error


def _fit(
    config: TrainConfig,
    splits: ResidentSplits,
    *,
    on_epoch: Callable[[EpochRecord], bool] | None,
    on_step: Callable[[], None] | None,
) -> FitResult:
    config = settled(config, splits.schema, splits.device)
    weights = _task_weights(config, splits)
    with isolated_randomness(stream_seed(config.training.seed, RunStream.WEIGHTS), splits.device):
        run = _Run(config, splits, weights, on_step)
        result = FitResult(network=run.judged_network, precision=run.precision)
        judged = set(judged_epochs(config.optim, config.training.epochs))
        for epoch in range(1, config.training.epochs + 1):
            start = time.perf_counter()
            loss, lr = run.train_epoch(epoch)
            scores = predict(run.judged_network, splits.val, precision=run.precision)
            targets = splits.val.targets.cpu().numpy()
            record = EpochRecord(
                epoch=epoch,
                train_loss=loss,
                lr=lr,
                r2=r2_by_task(scores, targets, splits.schema.tasks),
                judged=epoch in judged,
                val_scores=scores,
                seconds=time.perf_counter() - start,
            )
            result.history.append(record)
            if on_epoch is not None and on_epoch(record):
                result.stopped = epoch < config.training.epochs
                break
    result.network.eval()
    return result


def _task_weights(config: TrainConfig, splits: ResidentSplits) -> Tensor:
    tasks, weights = splits.schema.tasks, config.training.task_weights
    if set(tasks) != set(weights):
        raise ConfigError(
            f"training.task_weights names {sorted(weights)}, but the data's tasks are "
            f"{sorted(tasks)}; give every task of the data one weight"
        )
    values = torch.tensor([weights[task] for task in tasks], device=splits.device)
    return (
        values / label_variances(splits.train.targets) if config.training.normalise_loss else values
    )


class _Run:
    """The state of one run: network, optimiser, order of the samples, micro-batch size."""

    def __init__(
        self,
        config: TrainConfig,
        splits: ResidentSplits,
        weights: Tensor,
        on_step: Callable[[], None] | None,
    ) -> None:
        self.config = config
        self.splits = splits
        self.weights = weights
        self.on_step = on_step
        self.precision = dtype_of(config)
        self.network = Network(config.model, splits.schema).to(splits.device)
        optim = config.optim
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=optim.lr,
            betas=(optim.beta1, optim.beta2),
            weight_decay=optim.weight_decay,
            fused=True,
        )
        self.schema = splits.schema if self.network.reads_statistics else None
        if self.schema is not None:
            self.network.fit_statistics(splits.train.statistics(self.schema))
        self.averaged: AveragedModel | None = None
        if config.training.ema > 0:
            self.averaged = AveragedModel(
                self.network,
                multi_avg_fn=get_ema_multi_avg_fn(config.training.ema),  # type: ignore[no-untyped-call]
            )
        seed = config.training.seed
        self.order = torch.Generator().manual_seed(stream_seed(seed, RunStream.ORDER))
        self.windows = torch.Generator().manual_seed(stream_seed(seed, RunStream.WINDOWS))
        batch = config.training.batch_size
        micro_batch = config.training.micro_batch_size
        if micro_batch is None:
            micro_batch = clips_at_once(self.network, splits.device, max_clips=batch)
        self.micro_batch = min(micro_batch, batch)

    @property
    def judged_network(self) -> Network:
        """The network to evaluate: the moving average of the weights if there is one."""
        network = self.network if self.averaged is None else self.averaged.module
        assert isinstance(network, Network)
        return network

    def train_epoch(self, epoch: int) -> tuple[float, float]:
        """One pass over train; returns the mean loss and the last step's learning rate."""
        self.network.train()
        order = torch.randperm(len(self.splits.train), generator=self.order)
        batches = torch.split(order.to(self.splits.device), self.config.training.batch_size)
        total, lr = 0.0, self.config.optim.lr
        for step, index in enumerate(batches):
            lr = learning_rate(self.config.optim, epoch - 1, step=step, steps=len(batches))
            for group in self.optimiser.param_groups:
                group["lr"] = lr
            loss = self._accumulate(index)
            if not math.isfinite(loss):
                raise NonFiniteLossError(epoch=epoch, step=step + 1)
            if self.config.optim.clip_norm is not None:
                clip_grad_norm_(self.network.parameters(), self.config.optim.clip_norm)
            self.optimiser.step()
            if self.averaged is not None:
                self.averaged.update_parameters(self.network)
            total += loss
        return total / len(batches), lr

    def _accumulate(self, index: Tensor) -> float:
        """Computes the gradients of one effective batch, halving the micro-batch until it fits."""
        windows = self._draw_windows(index)
        while True:
            try:
                return self._accumulate_in(self.micro_batch, index, windows)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.micro_batch == 1:
                    message = "one sample at a time does not fit in the device's memory"
                    raise OutOfDeviceMemoryError(message) from error
            # Not in the except block: there the exception still holds the memory of the failed graph.
            self.micro_batch //= 2
            if self.splits.device.type == "cuda":
                torch.cuda.empty_cache()

    def _draw_windows(self, index: Tensor) -> Windows | None:
        lengths = self.splits.train.lengths
        return draw_windows(
            len(index),
            None if lengths is None else lengths.index_select(0, index),
            frames=self.splits.schema.num_frames,
            min_share=self.config.training.frame_crop,
            generator=self.windows,
        )

    def _accumulate_in(self, micro_batch: int, index: Tensor, windows: Windows | None) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        counts = observed_counts(self.splits.train.targets.index_select(0, index))
        total = torch.zeros((), device=self.splits.device)
        cuts = itertools.repeat(None) if windows is None else windows.split(micro_batch)
        for part, cut in zip(torch.split(index, micro_batch), cuts, strict=False):
            # Before each micro-batch, since a whole step of a large network on a CPU takes seconds.
            if self.on_step is not None:
                self.on_step()
            clips = self.splits.train.batch(part, schema=self.schema)
            clips = clips if cut is None else crop_frames(clips, cut)
            with autocast(self.splits.device, self.precision):
                scores = scores_of(self.network, clips)
            loss = masked_mse(scores, clips.targets, counts, self.weights)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total.item()
