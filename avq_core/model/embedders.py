"""Each stream to the encoder's width, and their fusion by the mean.

Shapes: B batch, T frames, D columns of a stream, W width of the encoder.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.data.schema import Schema
from avq_core.model.layers import Dropout


def inner_width(dim: int, scale: float) -> int:
    """Width between an embedder's two layers.

    At scale 1 this is the manual's table: 512 for audio (768) and keypoint (1404), 256 for visual
    (163), 128 for au (17), syncnet (2) and consistency (1).

    Args:
        dim: The stream's columns.
        scale: `ModelConfig.embedder_scale`.
    """
    manual = 512 if dim >= 512 else 256 if dim >= 64 else 128
    return max(1, round(manual * scale))


class StreamFusion(nn.Module):
    """Embeds every stream (Linear, ReLU, dropout, Linear) and takes the mean over streams."""

    def __init__(self, schema: Schema, *, width: int, dropout: float, scale: float) -> None:
        super().__init__()
        self.num_frames = schema.num_frames
        self.temporal = {stream.name: stream.temporal for stream in schema.streams}
        self.embedders = nn.ModuleDict()
        self.absent = nn.ParameterDict()
        """What the network learns to put in the place of a stream that a clip lacks."""
        for stream in schema.streams:
            inner = inner_width(stream.dim, scale)
            self.embedders[stream.name] = nn.Sequential(
                nn.Linear(stream.dim, inner),
                nn.ReLU(inplace=True),
                Dropout(dropout),
                nn.Linear(inner, width),
            )
            if stream.optional:
                self.absent[stream.name] = nn.Parameter(torch.zeros(width))

    def forward(
        self, streams: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Embeds and fuses.

        Args:
            streams: Stream name to (B, T, D), clip-level (B, D).
            present: Optional stream to (B,), False where a clip lacks it; others are in all clips.

        Returns:
            (B, T, W).
        """
        per_frame: Tensor | None = None
        per_clip: Tensor | None = None
        for name, embedder in self.embedders.items():
            embedded = embedder(streams[name])
            if present and name in present:
                there = present[name].view(-1, *(1,) * (embedded.dim() - 1))
                embedded = torch.where(there, embedded, self.absent[name].to(embedded.dtype))
            if self.temporal[name]:
                per_frame = embedded if per_frame is None else per_frame + embedded
            else:
                # The same for every frame: embedded once, broadcast by the addition below.
                per_clip = embedded if per_clip is None else per_clip + embedded
        if per_frame is None:
            assert per_clip is not None, "a schema holds at least one stream"
            return per_clip[:, None] / len(self.embedders)
        if per_clip is not None:
            per_frame = per_frame + per_clip[:, None]
        return per_frame / len(self.embedders)
