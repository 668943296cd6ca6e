"""Reduces the number of frames by averaging neighbours.

Shapes: B clips, T frames, D columns.
"""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it


def average_frames(x: Tensor, stride: int, mask: Tensor | None = None) -> Tensor:
    """Averages every `stride` neighbouring frames into one, leaving padding out of the mean.

    Args:
        x: (B, T, D).
        stride: Frames of a window, at least 1.
        mask: (B, T), True where frames are real; `None` where all are.

    Returns:
        (B, ceil(T / stride), D); 0 for windows of padding only.
    """
    if stride == 1:
        return x
    missing = -x.shape[1] % stride
    real = x.new_ones(x.shape[:2]) if mask is None else mask.to(x.dtype)
    if mask is not None:
        x = x.masked_fill(~mask[:, :, None], 0.0)
    batch, _, columns = x.shape
    windows = F.pad(x, (0, 0, 0, missing)).view(batch, -1, stride, columns).sum(dim=2)
    count = F.pad(real, (0, missing)).view(batch, -1, stride).sum(dim=2)
    return windows / count.clamp(min=1)[:, :, None]
