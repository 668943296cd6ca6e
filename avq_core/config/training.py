"""Every setting of the model, the optimiser and the training, with its unit and range.

The defaults are the manual's configuration (`manual`). Nothing here imports torch, so that the
commands answer `--help` at once and a study can be inspected where torch is not installed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from avq_core.config.checks import check, is_int, is_number
from avq_core.config.data import DataConfig
from avq_core.config.model import ModelConfig

PRECISIONS: Final = ("auto", "fp32", "bf16")

MANUAL_TASK_WEIGHTS: Final[Mapping[str, float]] = {
    "lip_sync": 0.8,
    "expression": 1.2,
    "audio_quality": 1.0,
    "cross_modal": 1.5,
    "overall": 1.3,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimConfig:
    """AdamW under cosine annealing with warm restarts."""

    lr: float = 1e-3
    """Peak learning rate, > 0."""
    weight_decay: float = 0.01
    """Decoupled weight decay, >= 0."""
    beta1: float = 0.9
    """Decay of the gradient's running mean, in [0, 1)."""
    beta2: float = 0.999
    """Decay of the squared gradient's running mean, in [0, 1)."""
    cycle_epochs: int = 10
    """Length of the first cosine cycle in epochs (T_0), at least 1."""
    cycle_mult: int = 2
    """Each cycle is this many times as long as the one before (T_mult), at least 1."""
    min_lr: float = 1e-6
    """Learning rate at the end of a cycle (eta_min), in [0, lr]."""
    warmup_epochs: float = 0.0
    """Epochs over which the learning rate rises from 0 at the start of the run, >= 0; 0 for none."""
    clip_norm: float | None = None
    """Norm to which a longer gradient is scaled down, > 0; `None` for no bound."""

    def __post_init__(self) -> None:
        check(is_number(self.lr) and self.lr > 0, "optim.lr", self.lr, "a number > 0")
        check(
            is_number(self.weight_decay) and self.weight_decay >= 0,
            "optim.weight_decay",
            self.weight_decay,
            "a number >= 0",
        )
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            check(is_number(value) and 0 <= value < 1, f"optim.{name}", value, "a number in [0, 1)")
        for name in ("cycle_epochs", "cycle_mult"):
            value = getattr(self, name)
            check(is_int(value) and value >= 1, f"optim.{name}", value, "an integer >= 1")
        check(
            is_number(self.warmup_epochs) and self.warmup_epochs >= 0,
            "optim.warmup_epochs",
            self.warmup_epochs,
            "a number >= 0",
        )
        check(
            self.clip_norm is None or (is_number(self.clip_norm) and self.clip_norm > 0),
            "optim.clip_norm",
            self.clip_norm,
            "a number > 0, or null for no bound",
        )
        check(
            is_number(self.min_lr) and 0 <= self.min_lr <= self.lr,
            "optim.min_lr",
            self.min_lr,
            f"a number in [0, optim.lr = {self.lr}]",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """How long, in what batches, and what each task counts for."""

    epochs: int = 30
    """Passes over the train split, at least 1. Best an end of a cosine cycle: 10, 30, 70, 150."""
    batch_size: int = 32
    """Samples behind one optimiser step (the effective batch), at least 1."""
    micro_batch_size: int | None = None
    """Samples on the device at once; `None` is what suits it: the whole effective batch on a GPU,
    what stays in the caches on a CPU. Halved when memory runs out. Gradients are accumulated
    exactly, so this changes memory and speed, not the result."""
    task_weights: Mapping[str, float] = field(default_factory=lambda: dict(MANUAL_TASK_WEIGHTS))
    """Factor of each task's masked mean squared error, >= 0, not all zero."""
    normalise_loss: bool = False
    """Whether each task's squared error is divided by the variance of its train labels, so that
    tasks whose labels vary little are learned as well."""
    frame_crop: float = 1.0
    """Augmentation: each effective batch sees a window of its frames, of a random length between this
    share of them and all, in (0, 1]; 1 for none."""
    ema: float = 0.0
    """Decay, a step, of the running mean of the weights that is judged and kept in place of the last
    ones, in [0, 1); 0 for none."""
    precision: str = "auto"
    """`fp32`, `bf16` (autocast), or `auto`: bf16 where the device measurably gains from it."""
    seed: int = 0
    """Seed of the weights' start, the order of the samples and the dropout, >= 0."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            check(is_int(value) and value >= 1, f"training.{name}", value, "an integer >= 1")
        check(
            self.micro_batch_size is None
            or (is_int(self.micro_batch_size) and self.micro_batch_size >= 1),
            "training.micro_batch_size",
            self.micro_batch_size,
            "an integer >= 1, or null for the whole batch",
        )
        check(
            isinstance(self.task_weights, Mapping) and len(self.task_weights) > 0,
            "training.task_weights",
            self.task_weights,
            "a weight for each task",
        )
        for task, weight in self.task_weights.items():
            check(
                is_number(weight) and weight >= 0,
                f"training.task_weights.{task}",
                weight,
                "a number >= 0",
            )
        check(
            sum(self.task_weights.values()) > 0,
            "training.task_weights",
            dict(self.task_weights),
            "at least one weight > 0",
        )
        normalises = self.normalise_loss
        check(isinstance(normalises, bool), "training.normalise_loss", normalises, "true or false")
        crop = self.frame_crop
        check(is_number(crop) and 0 < crop <= 1, "training.frame_crop", crop, "a share in (0, 1]")
        check(
            is_number(self.ema) and 0 <= self.ema < 1, "training.ema", self.ema, "a decay in [0, 1)"
        )
        check(
            self.precision in PRECISIONS,
            "training.precision",
            self.precision,
            f"one of {PRECISIONS}",
        )
        check(is_int(self.seed) and self.seed >= 0, "training.seed", self.seed, "an integer >= 0")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainConfig:
    """All that decides a training run, apart from the data and the device."""

    model: ModelConfig = field(default_factory=ModelConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    data: DataConfig = field(default_factory=DataConfig)


def manual(tasks: tuple[str, ...] = tuple(MANUAL_TASK_WEIGHTS)) -> TrainConfig:
    """The manual's configuration; a task that the manual does not know weighs 1."""
    weights = {task: MANUAL_TASK_WEIGHTS.get(task, 1.0) for task in tasks}
    return TrainConfig(training=TrainingConfig(task_weights=weights))


def recommended(tasks: tuple[str, ...] = tuple(MANUAL_TASK_WEIGHTS)) -> TrainConfig:
    """What to train without a search: small, quick, and good on all data that was at hand.

    Statistics over time and lags between streams reach the heads beside a small encoder; see
    docs/experiments/012 for what each setting is worth.
    """
    weights = {task: MANUAL_TASK_WEIGHTS.get(task, 1.0) for task in tasks}
    return TrainConfig(
        model=ModelConfig(
            hidden_dim=64,
            num_layers=2,
            num_heads=4,
            dropout=0.2,
            embedder_scale=0.25,
            frame_stride=5,
            positions="sinusoidal",
            norm_first=True,
            pooling="mean_std",
            statistics_width=64,
            max_lag=15,
            head="linear",
        ),
        optim=OptimConfig(
            lr=6e-3, weight_decay=0.05, cycle_epochs=2, warmup_epochs=1.0, clip_norm=5.0
        ),
        training=TrainingConfig(
            epochs=30, task_weights=weights, normalise_loss=True, frame_crop=0.6
        ),
    )
