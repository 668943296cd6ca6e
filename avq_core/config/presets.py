"""Configurations that have a name: the manual's, and the one to train without a search."""

from avq_core.config.model import ModelConfig
from avq_core.config.optim import OptimConfig
from avq_core.config.training import MANUAL_TASK_WEIGHTS, TrainConfig, TrainingConfig


def manual(tasks: tuple[str, ...] = tuple(MANUAL_TASK_WEIGHTS)) -> TrainConfig:
    """The manual's configuration; a task that the manual does not know weighs 1."""
    return TrainConfig(training=TrainingConfig(task_weights=_weights(tasks)))


def recommended(tasks: tuple[str, ...] = tuple(MANUAL_TASK_WEIGHTS)) -> TrainConfig:
    """What to train without a search: small, quick, and good on all data that was at hand.

    Statistics over time and lags between streams reach the heads beside a small encoder; see
    docs/experiments/012 for what each setting is worth.
    """
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
            epochs=30, task_weights=_weights(tasks), normalise_loss=True, frame_crop=0.6
        ),
    )


def _weights(tasks: tuple[str, ...]) -> dict[str, float]:
    return {task: MANUAL_TASK_WEIGHTS.get(task, 1.0) for task in tasks}
