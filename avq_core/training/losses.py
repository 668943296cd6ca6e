"""The masked multi-task loss.

Shapes: B samples of an effective batch, b of a micro-batch, K tasks.
"""

import torch
from torch import Tensor

_LEAST_VARIANCE = 1e-6


def observed_counts(targets: Tensor) -> Tensor:
    """Labels observed in the whole effective batch: (B, K) with NaN where missing -> (K,)."""
    return torch.isfinite(targets).sum(dim=0)


def masked_mse(scores: Tensor, targets: Tensor, counts: Tensor, weights: Tensor) -> Tensor:
    """This micro-batch's share of `sum over k of w_k * mean over observed of (s_k - y_k)^2`.

    The mean's denominator is the count of the whole effective batch, so that the shares of its
    micro-batches add up to the loss of the batch, however it was cut. A task without an observed
    label in the batch contributes 0 and no gradient.

    Args:
        scores: (b, K).
        targets: (b, K), NaN where missing.
        counts: (K,), `observed_counts` of the effective batch.
        weights: (K,), the tasks' weights w.

    Returns:
        A scalar in float32.
    """
    observed = torch.isfinite(targets)
    # The target is replaced before the subtraction: 0 x NaN is NaN, in the gradient too.
    error = scores.float() - torch.where(observed, targets, 0.0)
    squared = torch.where(observed, error.square(), 0.0)
    return (weights * squared.sum(dim=0) / counts.clamp(min=1)).sum()


def label_variances(targets: Tensor) -> Tensor:
    """Population variance of each task's labels: (N, K), NaN where missing -> (K,).

    1 where the labels do not vary, so that it can be divided by.
    """
    known = torch.isfinite(targets)
    count = known.sum(dim=0).clamp(min=1)
    mean = torch.where(known, targets, 0.0).sum(dim=0) / count
    variance = torch.where(known, targets - mean, 0.0).square().sum(dim=0) / count
    return torch.where(variance > _LEAST_VARIANCE, variance, 1.0)
