"""Fuses the streams of a frame into one vector.

Shapes: B batch, T frames, M streams, W width of the encoder.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from avq_core.model.layers import SelfAttention


class MeanFusion(nn.Module):
    """The mean over streams."""

    def forward(self, embedded: Mapping[str, Tensor]) -> Tensor:
        """Streams of (B, T, W) and (B, W) -> (B, T, W); T is 1 where none is temporal."""
        per_frame: Tensor | None = None
        per_clip: Tensor | None = None
        for x in embedded.values():
            if x.dim() == 3:
                per_frame = x if per_frame is None else per_frame + x
            else:
                # The same for every frame: the addition below broadcasts the sum once.
                per_clip = x if per_clip is None else per_clip + x
        if per_clip is not None:
            clip = per_clip[:, None]
            per_frame = clip if per_frame is None else per_frame + clip
        assert per_frame is not None, "a schema holds at least one stream"
        return per_frame / len(embedded)


class GatedFusion(nn.Module):
    """A weighted mean over streams; the weights are a softmax of a score computed from each stream."""

    def __init__(self, streams: Sequence[str], width: int) -> None:
        super().__init__()
        self.gates = nn.ModuleDict({name: nn.Linear(width, 1) for name in streams})

    def forward(self, embedded: Mapping[str, Tensor]) -> Tensor:
        """As `MeanFusion.forward`."""
        full = _per_frame(embedded)
        scores = torch.cat([self.gates[name](x) for name, x in full.items()], dim=-1)
        weights = scores.softmax(dim=-1)  # (B, T, M)
        return torch.stack([weights[..., m, None] * x for m, x in enumerate(full.values())]).sum(
            dim=0
        )


class ConcatFusion(nn.Module):
    """Concatenates the streams and projects them to the width."""

    def __init__(self, streams: Sequence[str], width: int) -> None:
        super().__init__()
        self.project = nn.Linear(len(streams) * width, width)

    def forward(self, embedded: Mapping[str, Tensor]) -> Tensor:
        """As `MeanFusion.forward`."""
        return self.project(torch.cat(list(_per_frame(embedded).values()), dim=-1))  # type: ignore[no-any-return]


class AttentionFusion(nn.Module):
    """Self-attention among the streams of a frame, then the mean over streams."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width=width, num_heads=num_heads, dropout=0.0)

    def forward(self, embedded: Mapping[str, Tensor]) -> Tensor:
        """As `MeanFusion.forward`."""
        stacked = torch.stack(list(_per_frame(embedded).values()), dim=2)  # (B, T, M, W)
        tokens = stacked.flatten(0, 1)
        mixed = tokens + self.attention(self.norm(tokens))
        mean: Tensor = mixed.mean(dim=1)
        return mean.view(*stacked.shape[:2], -1)


def _per_frame(embedded: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every stream as (B, T, W), clip-level ones repeated for all frames."""
    frames = max((x.shape[1] for x in embedded.values() if x.dim() == 3), default=1)
    return {
        name: x if x.dim() == 3 else x[:, None].expand(-1, frames, -1)
        for name, x in embedded.items()
    }


def make_fusion(kind: str, streams: Sequence[str], *, width: int, num_heads: int) -> nn.Module:
    """The fusion named by `ModelConfig.fusion`."""
    match kind:
        case "mean":
            return MeanFusion()
        case "gated":
            return GatedFusion(streams, width)
        case "concat":
            return ConcatFusion(streams, width)
    assert kind == "attention", kind
    return AttentionFusion(width, num_heads)
