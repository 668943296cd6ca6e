"""Embeds each stream into the width of the encoder.

Shapes: B batch, T frames, D columns of a stream, W width of the encoder.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
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


class StreamEmbedding(nn.Module):
    """Embeds every stream: Linear, ReLU, dropout, Linear and, where asked for, a layer norm."""

    def __init__(self, config: ModelConfig, schema: Schema) -> None:
        super().__init__()
        width = config.hidden_dim
        self.embedders = nn.ModuleDict()
        for stream in schema.streams:
            inner = inner_width(stream.dim, config.embedder_scale)
            self.embedders[stream.name] = nn.Sequential(
                nn.Linear(stream.dim, inner),
                nn.ReLU(inplace=True),
                Dropout(config.dropout),
                nn.Linear(inner, width),
                *([nn.LayerNorm(width)] if config.stream_norm else []),
            )
        self.absent = nn.ParameterDict(
            {s.name: torch.zeros(width) for s in schema.streams if s.optional}
        )
        """Learned stand-ins (W,) for optional streams, used where a clip lacks the stream."""
        self.drop_columns = Dropout(config.input_dropout)
        self.drop_streams = Dropout(config.stream_dropout)

    def forward(
        self, streams: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Embeds every stream.

        Args:
            streams: Stream name to (B, T, D), or (B, D) for a clip-level stream.
            present: Optional stream to (B,), False where a clip lacks it; every clip has the others.

        Returns:
            Stream name to (B, T, W), or (B, W) for a clip-level stream.
        """
        return {name: self._embed(name, streams[name], present) for name in self.embedders}

    def _embed(self, name: str, x: Tensor, present: Mapping[str, Tensor] | None) -> Tensor:
        # One dropout mask for all frames of a clip: a column is dropped for the whole clip.
        clip = (x.shape[0], *(1,) * (x.dim() - 2))
        if self.training and self.drop_columns.probability > 0:
            x = x * self.drop_columns(x.new_ones(*clip, x.shape[-1]))
        embedded: Tensor = self.embedders[name](x)
        if present and name in present:
            is_present = present[name].view(*clip, 1)
            embedded = torch.where(is_present, embedded, self.absent[name].to(embedded.dtype))
        if self.training and self.drop_streams.probability > 0:
            embedded = embedded * self.drop_streams(embedded.new_ones(*clip, 1))
        return embedded
