"""Statistics of a clip's streams over time, and the path that takes them past the encoder.

What separates good clips from bad often lies in how much a column moves, not in where it is; a mean
over time of embedded frames can hardly see that.

Shapes: B clips, T frames, D columns of a stream, S statistics of a clip, P width of the path.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema
from avq_core.model.layers import Dropout

_OF_TEMPORAL = 3
_FARTHEST = 5.0
"""Train deviations at which a statistic is cut off: a clip far from train must not drown the rest."""


def count_statistics(schema: Schema) -> int:
    """S: three a column of a temporal stream, the columns themselves of a clip-level one."""
    return sum(s.dim * (_OF_TEMPORAL if s.temporal else 1) for s in schema.streams)


def pooled_statistics(
    streams: Mapping[str, Tensor],
    schema: Schema,
    lengths: Tensor | None = None,
    present: Mapping[str, Tensor] | None = None,
) -> Tensor:
    """Each column's mean, deviation and mean absolute difference of neighbours over real frames.

    Args:
        streams: Stream name to (B, T, D), or (B, D) for a clip-level stream, taken as it is.
        schema: Of the streams; gives the order.
        lengths: (B,) real frames of each clip; `None` where all T are. A clip of one frame has
            deviation and difference 0.
        present: Optional stream to (B,), False where a clip lacks it.

    Returns:
        (B, S) in float32; NaN for the statistics of a stream that a clip lacks.
    """
    parts: list[Tensor] = []
    for stream in schema.streams:
        x = streams[stream.name].float()
        found = _over_time(x, lengths) if stream.temporal else x
        if present and stream.name in present:
            found = torch.where(present[stream.name][:, None], found, torch.nan)
        parts.append(found)
    return torch.cat(parts, dim=1)


def _over_time(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, D) -> (B, 3 D)."""
    steps = (x[:, 1:] - x[:, :-1]).abs()
    if lengths is None:
        moved = steps.mean(dim=1) if steps.shape[1] else torch.zeros_like(x[:, 0])
        return torch.cat([x.mean(dim=1), x.std(dim=1, correction=0), moved], dim=1)
    mean = masked_mean(x, lengths)
    deviation = masked_mean((x - mean[:, None]).square(), lengths).sqrt()
    return torch.cat([mean, deviation, masked_mean(steps, lengths - 1)], dim=1)


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """The mean of the first `lengths` (B,) rows of (B, T, D) -> (B, D); 0 of none."""
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    kept = torch.where(real[:, :, None], x, 0.0)
    return kept.sum(dim=1) / lengths.clamp(min=1)[:, None]


class StatisticsPath(nn.Module):
    """Standardised statistics, a linear layer, ReLU: (B, S) -> (B, P)."""

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
        """Takes mean and deviation from the train split's statistics (N, S); NaN is left out."""
        known = torch.isfinite(statistics)
        count = known.sum(dim=0).clamp(min=1)
        mean = torch.where(known, statistics, 0.0).sum(dim=0) / count
        square = torch.where(known, statistics - mean, 0.0).square().sum(dim=0) / count
        self.centre.copy_(mean)
        # A statistic that is the same in all train clips tells nothing: it comes out 0.
        self.scale.copy_(torch.where(square > 1e-10, square.sqrt(), torch.inf))

    def forward(self, statistics: Tensor) -> Tensor:
        """(B, S), NaN where not known -> (B, P)."""
        x = torch.nan_to_num((statistics - self.centre) / self.scale, nan=0.0)
        return self.layers(self.drop_input(x.clamp(-_FARTHEST, _FARTHEST)))  # type: ignore[no-any-return]


def make_statistics_path(config: ModelConfig, schema: Schema) -> StatisticsPath | None:
    """As the settings ask for; `None` for none."""
    if config.statistics_width == 0:
        return None
    return StatisticsPath(
        schema,
        width=config.statistics_width,
        dropout=config.dropout,
        input_dropout=config.input_dropout,
    )
