"""From one vector a frame to one vector a clip.

Shapes: B batch, T frames, W width.
"""

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """The mean over frames: (B, T, W) -> (B, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the mean over axis 1."""
        return x.mean(dim=1)


class MeanStdPooling(nn.Module):
    """Mean and standard deviation over frames: (B, T, W) -> (B, 2 W)."""

    def forward(self, x: Tensor) -> Tensor:
        """Returns the two side by side; the deviation is the population's."""
        # The square root has no finite slope at 0, where all frames agree.
        deviation = (x.var(dim=1, correction=0) + 1e-6).sqrt()
        return torch.cat([x.mean(dim=1), deviation], dim=1)


def make_pooling(kind: str, width: int) -> tuple[nn.Module, int]:
    """The pooling named by `ModelConfig.pooling`, and the width of what it returns."""
    if kind == "mean":
        return MeanPooling(), width
    assert kind == "mean_std", kind
    return MeanStdPooling(), 2 * width
