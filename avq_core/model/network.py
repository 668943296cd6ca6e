"""The multi-task, multimodal temporal transformer.

Shapes: B batch, T frames, D columns of a stream, W width of the encoder, S statistics of a clip
(`avq_core.model.statistics`), N train samples, K tasks.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema
from avq_core.model.embedders import StreamEmbedding
from avq_core.model.frames import average_frames
from avq_core.model.fusion import make_fusion
from avq_core.model.lags import make_lag_attention
from avq_core.model.layers import Dropout, EncoderLayer, sinusoidal_positions
from avq_core.model.pooling import make_pooling
from avq_core.model.statistics import make_statistics_path, pooled_statistics

_HEAD_WIDTHS = (256, 128)
"""Hidden widths of a head, which are the manual's: W -> 256 -> 128 -> 1."""


class Network(nn.Module):
    """Scores clips: embeds the streams, fuses them, encodes, pools, and has a head for each task.

    Where the settings ask for them, three more inputs bypass the encoder and go to the heads
    directly: statistics over time, lags between streams, and the clip-level streams.
    """

    positions: Tensor | None

    def __init__(self, config: ModelConfig, schema: Schema) -> None:
        super().__init__()
        width = config.hidden_dim
        self.schema = schema
        self.frame_stride = config.frame_stride
        self.embedding = StreamEmbedding(config, schema)
        names = [stream.name for stream in schema.streams]
        self.fusion = make_fusion(config.fusion, names, width=width, num_heads=config.num_heads)
        frames = -(-schema.num_frames // config.frame_stride)
        self._make_positions(config.positions, frames, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(
                width=width,
                num_heads=config.num_heads,
                feedforward=config.feedforward_factor * width,
                dropout=config.dropout,
                norm_first=config.norm_first,
            )
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(width) if config.norm_first else nn.Identity()
        self.pooling, to_heads = make_pooling(config.pooling, width)
        self.statistics = make_statistics_path(config, schema)
        self.lags = make_lag_attention(config, schema)
        self.clip_streams = [s.name for s in schema.streams if not s.temporal]
        if not config.clip_to_heads:
            self.clip_streams = []
        to_heads += config.statistics_width
        to_heads += self.lags.out_dim if self.lags is not None else 0
        to_heads += sum(s.dim for s in schema.streams if s.name in self.clip_streams)
        self.heads = nn.ModuleDict(
            {task: _make_head(to_heads, config.dropout) for task in schema.tasks}
        )
        self.bounded = config.head == "sigmoid"
        self.largest_activation = frames * max(
            config.feedforward_factor * width,
            config.num_heads * frames,
            config.frame_stride * max(stream.dim for stream in schema.streams),
        )
        """Floats in the largest tensor of one clip: of a stream, of feed-forward or of attention."""

    def forward(
        self,
        streams: Mapping[str, Tensor],
        lengths: Tensor | None = None,
        present: Mapping[str, Tensor] | None = None,
        statistics: Tensor | None = None,
    ) -> Tensor:
        """Scores clips.

        Args:
            streams: Stream name to (B, T, D), or (B, D) for a clip-level stream; standardised.
            lengths: (B,) real frames of each clip, at least 1; the rest of T is padding, which does
                not change any score. `None` where all T are real.
            present: Optional stream to (B,), False where a clip lacks it.
            statistics: (B, S), the `pooled_statistics` of the clips; computed here where `None`.

        Returns:
            (B, K) in the scaled units of the targets, in the order of the schema's tasks.
        """
        parts = [self._encode(streams, lengths, present).float()]
        # In float32: bf16 has 8 bits of precision, which would round scores to steps of 0.004.
        with torch.autocast(parts[0].device.type, enabled=False):
            if self.statistics is not None:
                if statistics is None:
                    statistics = pooled_statistics(streams, self.schema, lengths, present)
                parts.append(self.statistics(statistics))
            if self.lags is not None:
                mask = self._mask(streams, lengths)
                parts.append(self.lags(streams, mask, present))
            parts += [streams[name].float() for name in self.clip_streams]
            x = torch.cat(parts, dim=1)
            scores = torch.cat([head(x) for head in self.heads.values()], dim=1)
            return scores.sigmoid() if self.bounded else scores

    @property
    def reads_statistics(self) -> bool:
        """Whether `forward` uses `statistics`, so that it pays to compute them only once."""
        return self.statistics is not None

    def fit_statistics(self, statistics: Tensor) -> None:
        """Fits the standardisation of the statistics path to train (N, S); call before training."""
        if self.statistics is not None:
            self.statistics.fit(statistics)

    def _make_positions(self, kind: str, frames: int, width: int) -> None:
        if kind == "learned":
            self.positions = nn.Parameter(0.02 * torch.randn(frames, width))
            return
        table = sinusoidal_positions(frames, width) if kind == "sinusoidal" else None
        self.register_buffer("positions", table, persistent=False)

    def _encode(
        self,
        streams: Mapping[str, Tensor],
        lengths: Tensor | None,
        present: Mapping[str, Tensor] | None,
    ) -> Tensor:
        """Embeds, fuses, encodes and pools: (B, W), or (B, 2 W) depending on the pooling."""
        mask = self._mask(streams, lengths)
        if self.frame_stride > 1:
            streams = {
                name: average_frames(x, self.frame_stride, mask) if x.dim() == 3 else x
                for name, x in streams.items()
            }
            lengths = None if lengths is None else -(-lengths // self.frame_stride)
            mask = self._mask(streams, lengths)
        x = self.fusion(self.embedding(streams, present))
        if self.positions is not None:
            x = x + self._positions_of(x.shape[1]).to(x.dtype)
        for layer in self.encoder:
            x = layer(x, mask)
        return self.pooling(self.norm(x), mask)  # type: ignore[no-any-return]

    def _mask(self, streams: Mapping[str, Tensor], lengths: Tensor | None) -> Tensor | None:
        """(B, T), True where frames are real; `None` where all are."""
        if lengths is None:
            return None
        frames = max((x.shape[1] for x in streams.values() if x.dim() == 3), default=1)
        return torch.arange(frames, device=lengths.device) < lengths[:, None]

    def _positions_of(self, frames: int) -> Tensor:
        """Position encodings (T, W), also for clips longer than those of training."""
        positions = self.positions
        assert positions is not None
        missing = frames - len(positions)
        if missing <= 0:
            return positions[:frames]
        if isinstance(positions, nn.Parameter):  # none was learned beyond the last one
            return torch.cat([positions, positions[-1:].expand(missing, -1)])
        return sinusoidal_positions(frames, positions.shape[1]).to(positions.device)


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
