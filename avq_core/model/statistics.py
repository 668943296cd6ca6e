"""Statistics of a clip's streams over time, and the path that takes them past the encoder.

Good clips often differ from bad ones in how much a column moves, not in its mean, and a mean over time
of embedded frames hardly sees that.

Shapes: N train samples, B clips, T frames, D columns of a stream, S statistics of a clip, P width of
the path.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema
from avq_core.model.layers import Dropout

_PER_COLUMN = 3
"""Statistics of a column of a temporal stream."""
_MAX_DEVIATIONS = 5.0
"""Train standard deviations at which a statistic is clipped, so that outliers do not dominate."""


def count_statistics(schema: Schema) -> int:
    """S: three for each column of a temporal stream, one for each column of a clip-level stream."""
    return sum(s.dim * (_PER_COLUMN if s.temporal else 1) for s in schema.streams)


def pooled_statistics(
    streams: Mapping[str, Tensor],
    schema: Schema,
    lengths: Tensor | None = None,
    present: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """Mean, standard deviation and mean absolute difference of neighbouring frames, by column.

    Args:
        streams: Stream name to (B, T, D), or (B, D) for a clip-level stream, which is used unchanged.
        schema: The streams, whose order it sets.
        lengths: (B,) real frames of each clip; `None` where all T are. In a clip of one frame the
            deviation and the difference are 0.
        present: Optional stream to (B,), False where a clip lacks it.

    Returns:
        (B, S) in float32; NaN for the statistics of a stream that a clip lacks.
    """
    parts: list[Tensor] = []
    for stream in schema.streams:
        x = streams[stream.name].float()
        statistics = _over_time(x, lengths) if stream.temporal else x
        if present and stream.name in present:
            statistics = torch.where(present[stream.name][:, None], statistics, torch.nan)
        parts.append(statistics)
    return torch.cat(parts, dim=1)


def _over_time(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, D) and lengths (B,) -> (B, 3 D)."""
    steps = (x[:, 1:] - x[:, :-1]).abs()
    if lengths is None:
        moved = steps.mean(dim=1) if steps.shape[1] else torch.zeros_like(x[:, 0])
        return torch.cat([x.mean(dim=1), x.std(dim=1, correction=0), moved], dim=1)
    mean = masked_mean(x, lengths)
    deviation = masked_mean((x - mean[:, None]).square(), lengths).sqrt()
    return torch.cat([mean, deviation, masked_mean(steps, lengths - 1)], dim=1)


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """The mean of the first `lengths` (B,) frames of (B, T, D) -> (B, D); 0 where that is none."""
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    kept = torch.where(real[:, :, None], x, 0.0)
    return kept.sum(dim=1) / lengths.clamp(min=1)[:, None]


class StatisticsPath(nn.Module):
    """Standardises the statistics and applies a linear layer with ReLU: (B, S) -> (B, P)."""

    centre: Tensor
    scale: Tensor

    def __init__(self, schema: Schema, *, width: int, dropout: float, input_dropout: float) -> None:
        super().__init__()
        count = count_statistics(schema)
        self.register_buffer("centre", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.drop_input = Dropout(input_dropout)
        self.layers = nn.Sequential(
            nn.Linear(count, width), nn.ReLU(inplace=True), Dropout(dropout)
        )

    def fit(self, statistics: Tensor) -> None:
        """Fits mean and standard deviation to the train split's statistics (N, S), without NaN."""
        finite = torch.isfinite(statistics)
        count = finite.sum(dim=0).clamp(min=1)
        mean = torch.where(finite, statistics, 0.0).sum(dim=0) / count
        variance = torch.where(finite, statistics - mean, 0.0).square().sum(dim=0) / count
        self.centre.copy_(mean)
        # An infinite scale sets a statistic to 0 that is the same in all train clips.
        self.scale.copy_(torch.where(variance > 1e-10, variance.sqrt(), torch.inf))

    def forward(self, statistics: Tensor) -> Tensor:
        """(B, S), NaN where a clip lacks the stream -> (B, P)."""
        x = torch.nan_to_num((statistics - self.centre) / self.scale, nan=0.0)
        x = x.clamp(-_MAX_DEVIATIONS, _MAX_DEVIATIONS)
        return self.layers(self.drop_input(x))  # type: ignore[no-any-return]


def make_statistics_path(config: ModelConfig, schema: Schema) -> StatisticsPath | None:
    """The statistics path of the settings; `None` where its width is 0."""
    if config.statistics_width == 0:
        return None
    return StatisticsPath(
        schema,
        width=config.statistics_width,
        dropout=config.dropout,
        input_dropout=config.input_dropout,
    )
