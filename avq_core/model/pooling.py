"""From one vector a frame to one vector a clip.

Shapes: B batch, T frames, W width.
"""

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """The mean over frames: (B, T, W) -> (B, W)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns the mean over the real frames of axis 1; `mask` (B, T), `None` where all are."""
        return _mean(x, mask)


class MeanStdPooling(nn.Module):
    """Mean and standard deviation over frames: (B, T, W) -> (B, 2 W)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns the two side by side, over real frames; the deviation is the population's."""
        mean = _mean(x, mask)
        variance = _mean((x - mean[:, None]).square(), mask)
        # The square root has no finite slope at 0, where all frames agree.
        return torch.cat([mean, (variance + 1e-6).sqrt()], dim=1)


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return x.mean(dim=1)
    # Chosen, not multiplied: whatever stands in the padding, 0 x inf would be NaN.
    kept = torch.where(mask[:, :, None], x, 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def make_pooling(kind: str, width: int) -> tuple[nn.Module, int]:
    """The pooling named by `ModelConfig.pooling`, and the width of what it returns."""
    if kind == "mean":
        return MeanPooling(), width
    assert kind == "mean_std", kind
    return MeanStdPooling(), 2 * width
