"""The masked multi-task loss.

Shapes: N samples of a split, B of an effective batch, b of a micro-batch, K tasks.
"""

import torch
from torch import Tensor

_MIN_VARIANCE = 1e-6


def observed_counts(targets: Tensor) -> Tensor:
    """Number of labels in an effective batch, by task: (B, K), NaN where missing -> (K,)."""
    return torch.isfinite(targets).sum(dim=0)


def masked_mse(scores: Tensor, targets: Tensor, counts: Tensor, weights: Tensor) -> Tensor:
    """A micro-batch's share of `sum over k of w_k * mean over observed of (s_k - y_k)^2`.

    The mean divides by the count of the whole effective batch, so the shares of its micro-batches
    add up to the loss of the batch, however it is split. A task without a label in the batch
    contributes 0 and no gradient.

    Args:
        scores: (b, K).
        targets: (b, K), NaN where missing.
        counts: (K,), `observed_counts` of the effective batch.
        weights: (K,), the task weights w.

    Returns:
        A scalar in float32.
    """
    observed = torch.isfinite(targets)
    # A missing target is replaced before the subtraction: NaN would reach the gradient, as 0 x NaN.
    error = scores.float() - torch.where(observed, targets, 0.0)
    squared = torch.where(observed, error.square(), 0.0)
    return (weights * squared.sum(dim=0) / counts.clamp(min=1)).sum()


def label_variances(targets: Tensor) -> Tensor:
    """Population variance of each task's labels: (N, K), NaN where missing -> (K,).

    1 where the labels do not vary, so that dividing by it is safe.
    """
    observed = torch.isfinite(targets)
    count = observed.sum(dim=0).clamp(min=1)
    mean = torch.where(observed, targets, 0.0).sum(dim=0) / count
    variance = torch.where(observed, targets - mean, 0.0).square().sum(dim=0) / count
    return torch.where(variance > _MIN_VARIANCE, variance, 1.0)
