"""Each stream to the encoder's width, and their fusion by the mean.

Shapes: B batch, T frames, D columns of a stream, W width of the encoder.
"""

from collections.abc import Mapping

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
        for stream in schema.streams:
            inner = inner_width(stream.dim, scale)
            self.embedders[stream.name] = nn.Sequential(
                nn.Linear(stream.dim, inner),
                nn.ReLU(inplace=True),
                Dropout(dropout),
                nn.Linear(inner, width),
            )

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Stream name to (B, T, D), clip-level (B, D) -> (B, T, W)."""
        per_frame: Tensor | None = None
        per_clip: Tensor | None = None
        for name, embedder in self.embedders.items():
            embedded = embedder(streams[name])
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
