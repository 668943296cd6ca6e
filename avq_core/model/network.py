"""The multi-task, multimodal temporal transformer.

Shapes: B batch, T frames, D columns of a stream, W width of the encoder, K tasks.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config import ModelConfig
from avq_core.data.schema import Schema
from avq_core.model.embedders import StreamFusion
from avq_core.model.layers import Dropout, EncoderLayer, sinusoidal_positions
from avq_core.model.pooling import make_pooling

_HEAD_WIDTHS = (256, 128)
"""The manual's heads: width -> 256 -> 128 -> 1."""


class Network(nn.Module):
    """Streams in, one score a task out: embed, fuse, encode, pool, one head a task."""

    positions: Tensor | None

    def __init__(self, config: ModelConfig, schema: Schema) -> None:
        super().__init__()
        width = config.hidden_dim
        self.fusion = StreamFusion(
            schema, width=width, dropout=config.dropout, scale=config.embedder_scale
        )
        table = (
            sinusoidal_positions(schema.num_frames, width)
            if config.positions == "sinusoidal"
            else None
        )
        self.register_buffer("positions", table, persistent=False)
        self.encoder = nn.ModuleList(
            EncoderLayer(
                width=width,
                num_heads=config.num_heads,
                feedforward=config.feedforward_factor * width,
                dropout=config.dropout,
            )
            for _ in range(config.num_layers)
        )
        self.pooling, pooled = make_pooling(config.pooling, width)
        self.heads = nn.ModuleDict(
            {task: _make_head(pooled, config.dropout) for task in schema.tasks}
        )
        self.bounded = config.head == "sigmoid"
        self.largest_activation = schema.num_frames * max(
            config.feedforward_factor * width, config.num_heads * schema.num_frames
        )
        """Floats of the largest intermediate result of one clip: feed-forward, or attention."""

    def forward(
        self,
        streams: Mapping[str, Tensor],
        lengths: Tensor | None = None,
        present: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Scores clips.

        Args:
            streams: Stream name to (B, T, D), or (B, D) for a clip-level stream; standardised.
            lengths: (B,) real frames of each clip, at least 1; the rest of T is padding, which
                changes no score. `None` where all T are real.
            present: Optional stream to (B,), False where a clip lacks it.

        Returns:
            (B, K) in the scaled units of the targets, in the order of the schema's tasks.
        """
        x = self.fusion(streams, present)
        mask = None
        if lengths is not None:
            mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        if self.positions is not None:
            # New data may be longer than what was trained on: the table is a formula, so extend it.
            positions = self.positions
            if x.shape[1] > len(positions):
                positions = sinusoidal_positions(x.shape[1], x.shape[2]).to(x.device)
            x = x + positions[: x.shape[1]].to(x.dtype)
        for layer in self.encoder:
            x = layer(x, mask)
        x = self.pooling(x, mask)
        # bf16 has 8 bits: scores would come in steps of 0.004. The heads cost next to nothing.
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            scores = torch.cat([head(x) for head in self.heads.values()], dim=1)
            return scores.sigmoid() if self.bounded else scores


def _make_head(width: int, dropout: float) -> nn.Sequential:
    first, second = _HEAD_WIDTHS
    return nn.Sequential(
        nn.Linear(width, first),
        nn.ReLU(inplace=True),
        Dropout(dropout),
        nn.Linear(first, second),
        nn.ReLU(inplace=True),
        nn.Linear(second, 1),
    )
