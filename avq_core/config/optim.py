"""The settings of the optimiser. The defaults are the manual's."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from avq_core.config.constraints import (
    Decay,
    Expected,
    NonNegativeNumber,
    Number,
    PositiveInt,
    PositiveNumber,
    mismatch,
)
from avq_core.config.messages import Wording
from avq_core.config.settings import Settings


class OptimConfig(Settings, frozen=True):
    """AdamW under cosine annealing with warm restarts."""

    wording: ClassVar[Wording] = Wording(section="optim")

    lr: PositiveNumber = 1e-3
    """Peak learning rate, > 0."""
    weight_decay: NonNegativeNumber = 0.01
    """Decoupled weight decay, >= 0."""
    beta1: Decay = 0.9
    """Decay of the gradient's running mean, in [0, 1)."""
    beta2: Decay = 0.999
    """Decay of the squared gradient's running mean, in [0, 1)."""
    cycle_epochs: PositiveInt = 10
    """Length of the first cosine cycle in epochs (T_0), at least 1."""
    cycle_mult: PositiveInt = 2
    """Each cycle is this many times as long as the one before (T_mult), at least 1."""
    min_lr: Number = 1e-6
    """Learning rate at the end of a cycle (eta_min), in [0, lr]."""
    warmup_epochs: NonNegativeNumber = 0.0
    """Epochs over which the learning rate rises in equal steps at the start of the run, >= 0; 0 for none."""
    clip_norm: Annotated[PositiveNumber | None, Expected("a number > 0, or null for no bound")] = (
        None
    )
    """Norm to which a longer gradient is scaled down, > 0; `None` for no bound."""

    @model_validator(mode="after")
    def _check_min_lr(self) -> Self:
        if not 0 <= self.min_lr <= self.lr:
            raise mismatch("min_lr", self.min_lr, f"a number in [0, optim.lr = {self.lr}]")
        return self
