"""The settings of the training, and all settings of a run together.

The defaults are the manual's configuration. Nothing here imports torch, so that a study can be
inspected where torch is not installed.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from avq_core.config.constraints import (
    Decay,
    Expected,
    Flag,
    NonNegativeInt,
    NonNegativeNumber,
    OneOf,
    PositiveInt,
    Share,
    instance_of,
    mismatch,
)
from avq_core.config.data import DataConfig
from avq_core.config.messages import Wording
from avq_core.config.model import ModelConfig
from avq_core.config.optim import OptimConfig
from avq_core.config.settings import Settings

Precision = Literal["auto", "fp32", "bf16"]

MANUAL_TASK_WEIGHTS: Final[Mapping[str, float]] = {
    "lip_sync": 0.8,
    "expression": 1.2,
    "audio_quality": 1.0,
    "cross_modal": 1.5,
    "overall": 1.3,
}


def _some_weight(weights: Mapping[str, float]) -> Mapping[str, float]:
    if not weights:
        raise mismatch((), weights, "a weight for each task")
    if sum(weights.values()) <= 0:
        raise mismatch((), weights, "at least one weight > 0")
    return weights


class TrainingConfig(Settings, frozen=True):
    """How long, in what batches, and what each task counts for."""

    wording: ClassVar[Wording] = Wording(section="training")

    epochs: PositiveInt = 30
    """Passes over the train split, at least 1. Best an end of a cosine cycle: 10, 30, 70, 150."""
    batch_size: PositiveInt = 32
    """Samples behind one optimiser step (the effective batch), at least 1."""
    micro_batch_size: Annotated[
        PositiveInt | None, Expected("an integer >= 1, or null for the whole batch")
    ] = None
    """Samples on the device at once; `None` is what suits it: the whole effective batch on a GPU,
    what stays in the caches on a CPU. Halved when memory runs out. Gradients are accumulated
    exactly, so it changes memory and speed; the weights differ by rounding errors, and with dropout as
    much as with another seed, since each micro-batch draws its own masks."""
    task_weights: Annotated[
        Mapping[str, NonNegativeNumber],
        instance_of(Mapping, "a weight for each task"),
        AfterValidator(_some_weight),
    ] = Field(default_factory=lambda: dict(MANUAL_TASK_WEIGHTS))
    """Factor of each task's masked mean squared error, >= 0, not all zero."""
    normalise_loss: Flag = False
    """Whether each task's squared error is divided by the variance of its train labels, so that
    tasks whose labels vary little are learned as well."""
    frame_crop: Share = 1.0
    """Augmentation: at each step a clip is seen through a random window of its own frames, between this
    share of them and all, in (0, 1]; 1 for none. In a batch all clips keep the same share."""
    ema: Decay = 0.0
    """Decay, a step, of the running mean of the weights that is judged and kept in place of the last
    ones, in [0, 1); 0 for none."""
    precision: Annotated[Precision, OneOf()] = "auto"
    """`fp32`, `bf16` (autocast), or `auto`: bf16 on a GPU that has it, and on a CPU that has it for large
    networks (docs/experiments/028). A trial and a trained model hold what was decided."""
    seed: NonNegativeInt = 0
    """Seed of the weights' start, the order of the samples and the dropout, >= 0."""


class TrainConfig(Settings, frozen=True):
    """All that decides a training run, apart from the data and the device."""

    model: ModelConfig = Field(default_factory=ModelConfig)
    optim: OptimConfig = Field(default_factory=OptimConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    data: DataConfig = Field(default_factory=DataConfig)
