"""Cosine annealing with warm restarts (Loshchilov and Hutter, 2017, equation 5), at every step."""

import math

from avq_core.config.optim import OptimConfig


def learning_rate(optim: OptimConfig, epoch: int, *, step: int = 0, steps: int = 1) -> float:
    """The learning rate of an optimiser step.

    Args:
        optim: Peak, floor and cycle lengths.
        epoch: Whole epochs done.
        step: Steps done in the current epoch.
        steps: Steps of an epoch.

    Returns:
        `min_lr + (lr - min_lr) (1 + cos(pi * t / T)) / 2`, t = epoch + step / steps into a cycle of T
        epochs. During the warm-up at the start of the run it is multiplied by the share of the warm-up
        that is done with this step, so the first step is not lost.
    """
    start, length = 0, optim.cycle_epochs
    while epoch >= start + length:
        start += length
        length *= optim.cycle_mult
    phase = (epoch + step / steps - start) / length
    rate = optim.min_lr + (optim.lr - optim.min_lr) * (1 + math.cos(math.pi * phase)) / 2
    if not optim.warmup_epochs:
        return rate
    return rate * min(1.0, (epoch + (step + 1) / steps) / optim.warmup_epochs)


def cycle_ends(optim: OptimConfig, last_epoch: int) -> list[int]:
    """The epochs, counted from 1 up to `last_epoch`, at which a cosine cycle ends."""
    ends: list[int] = []
    length, end = optim.cycle_epochs, optim.cycle_epochs
    while end <= last_epoch:
        ends.append(end)
        length *= optim.cycle_mult
        end += length
    return ends


def judged_epochs(optim: OptimConfig, last_epoch: int) -> list[int]:
    """The epochs whose metrics count: the ends of cosine cycles, or the last epoch if none ends.

    Within a cycle the learning rate is high, and metrics depend on its phase more than on the
    configuration.
    """
    return cycle_ends(optim, last_epoch) or [last_epoch]
