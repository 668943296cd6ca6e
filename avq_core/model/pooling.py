"""Pools the frames of a clip into one vector.

Shapes: B batch, T frames, W width.
"""

import torch
from torch import Tensor, nn

_EPS = 1e-6
"""Added to variances: the slope of the square root is infinite at 0, where all frames are equal."""


class MeanPooling(nn.Module):
    """The mean over frames: (B, T, W) -> (B, W)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The mean over real frames: (B, T, W) and a mask (B, T), `None` where all are real."""
        return _mean(x, mask)


class MeanStdPooling(nn.Module):
    """Mean and standard deviation over frames: (B, T, W) -> (B, 2 W)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean and population standard deviation over real frames, concatenated."""
        mean = _mean(x, mask)
        variance = _mean((x - mean[:, None]).square(), mask)
        return torch.cat([mean, (variance + _EPS).sqrt()], dim=1)


class AttentionPooling(nn.Module):
    """Attentive statistics (Okabe et al., 2018, equations 2 to 6): (B, T, W) -> (B, 2 W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attention-weighted mean and standard deviation over real frames, concatenated."""
        scores = self.score(x).float()
        if mask is not None:
            scores = scores.masked_fill(~mask[:, :, None], -torch.inf)
            x = torch.where(mask[:, :, None], x, 0.0)
        weights = scores.softmax(dim=1)
        mean = (weights * x).sum(dim=1)
        variance = (weights * (x - mean[:, None]).square()).sum(dim=1)
        return torch.cat([mean, (variance + _EPS).sqrt()], dim=1)


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return x.mean(dim=1)
    # Padding is replaced, not multiplied by 0, because 0 x inf is NaN.
    kept = torch.where(mask[:, :, None], x, 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def make_pooling(kind: str, width: int) -> tuple[nn.Module, int]:
    """The pooling named by `ModelConfig.pooling`, and the width of its output."""
    if kind == "mean":
        return MeanPooling(), width
    if kind == "attention":
        return AttentionPooling(width), 2 * width
    assert kind == "mean_std", kind
    return MeanStdPooling(), 2 * width
