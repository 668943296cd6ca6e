"""Cosine annealing with warm restarts (Loshchilov and Hutter, 2017, equation 5), at every step."""

import math

from avq_core.config.optim import OptimConfig


def learning_rate(optim: OptimConfig, epoch: float) -> float:
    """The learning rate at a point in time.

    Args:
        optim: Peak, floor and cycle lengths.
        epoch: Epochs done, with fractions: optimiser step i of n in epoch e (both from 0) is e + i/n.

    Returns:
        `min_lr + (lr - min_lr) (1 + cos(pi * t / T)) / 2`, t epochs into a cycle of T epochs. During
        the warm-up at the start of the run it is multiplied by the share of the warm-up done.
    """
    start, length = 0, optim.cycle_epochs
    while epoch >= start + length:
        start += length
        length *= optim.cycle_mult
    phase = (epoch - start) / length
    warmth = min(1.0, epoch / optim.warmup_epochs) if optim.warmup_epochs else 1.0
    return warmth * (optim.min_lr + (optim.lr - optim.min_lr) * (1 + math.cos(math.pi * phase)) / 2)


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
