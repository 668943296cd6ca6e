"""How two streams lie against each other in time: correlations over lags, read by attention.

Alignment of sound and picture is a question of lag: shift one stream against the other and see where
they move together. Self-attention over frames can learn that in principle, but not from some hundred
labels; here it is built in, for any two streams, with learned projections in the place of known
landmarks.

Shapes: B clips, T frames, D columns of a stream, C projections, R pairs of streams, L lags from
-max_lag to max_lag, F = 2 R C correlations at a lag, H attention heads, V values of a head.
"""

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema

_HEADS = 4
_VALUES = 8
_HIDDEN = 16
_SHARPNESS = 3.0
"""Correlations lie in [-1, 1], mostly near 0: scaled so that the first layer starts awake."""
_EPS = 1e-4


class LagAttention(nn.Module):
    """Correlates every pair of temporal streams over lags; attention says where they meet.

    Each stream is projected to C channels, their differences from frame to frame beside them (slow
    drifts correlate at every lag, movements at one), both standardised over the clip. A small
    network scores each lag by all F correlations there, the same network at every lag; softmax over
    lags; and each head returns the mean of values that are learned for each lag. Where asked for,
    the values also hold a linear function of the correlations (how well the streams agree there),
    and the logarithms of the channels' power, which the standardising took away, stand beside.
    """

    def __init__(self, config: ModelConfig, schema: Schema) -> None:
        super().__init__()
        temporal = [stream for stream in schema.streams if stream.temporal]
        channels = config.lag_channels
        self.max_lag = config.max_lag
        self.pairs = list(itertools.combinations([stream.name for stream in temporal], 2))
        self.project = nn.ModuleDict(
            {stream.name: nn.Linear(stream.dim, channels, bias=False) for stream in temporal}
        )
        features = 2 * channels * len(self.pairs)
        self.score = nn.Sequential(
            nn.Linear(features, _HIDDEN), nn.ReLU(inplace=True), nn.Linear(_HIDDEN, _HEADS)
        )
        self.places = nn.Parameter(0.3 * torch.randn(2 * self.max_lag + 1, _HEADS, _VALUES))
        self.contents = (
            nn.Linear(features, _HEADS * _VALUES, bias=False) if config.lag_contents else None
        )
        self.reads_powers = config.lag_powers
        self.out_dim = _HEADS * _VALUES
        self.out_dim += 2 * channels * len(temporal) if config.lag_powers else 0

    def forward(
        self,
        streams: Mapping[str, Tensor],
        mask: Tensor | None = None,
        present: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """(B, T, D) by stream, (B, T) where frames are real, presence (B,) -> (B, out_dim)."""
        moves: dict[str, Tensor] = {}
        powers: dict[str, Tensor] = {}
        for name in self.project:
            move, power = self._moves(name, streams[name], mask)
            if present and name in present:
                there = present[name][:, None]
                move = torch.where(there[:, :, None], move, 0.0)
                power = torch.where(there, power, 0.0)
            moves[name], powers[name] = move, power
        first = torch.cat([moves[a] for a, _ in self.pairs], dim=2)
        second = torch.cat([moves[b] for _, b in self.pairs], dim=2)
        frames = first.shape[1] if mask is None else mask.sum(dim=1)[:, None, None]
        correlations = cross_correlations(first, second, self.max_lag) * (_SHARPNESS / frames)
        attention = self.score(correlations).softmax(dim=1)  # (B, L, H)
        met = torch.einsum("blh,lhv->bhv", attention, self.places)
        if self.contents is not None:
            contents = self.contents(correlations).unflatten(2, (_HEADS, _VALUES))
            met = met + torch.einsum("blh,blhv->bhv", attention, contents)
        return torch.cat([met.flatten(1), *(powers.values() if self.reads_powers else ())], dim=1)

    def _moves(self, name: str, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> (B, T, 2 C), each channel with mean 0 and deviation 1 over real frames.

        And the logarithm of what its power was, (B, 2 C).
        """
        level = self.project[name](x)
        change = torch.cat([level[:, 1:] - level[:, :-1], torch.zeros_like(level[:, :1])], dim=1)
        real = None if mask is None else mask[:, :, None]
        if real is not None:
            # The step from the last real frame into the padding is none.
            inside = torch.cat([real[:, 1:], torch.zeros_like(real[:, :1])], dim=1)
            change = torch.where(inside, change, 0.0)
        both = torch.cat([level, change], dim=2)
        count = both.shape[1] if real is None else real.sum(dim=1, keepdim=True)
        if real is not None:
            both = torch.where(real, both, 0.0)
        centred = both - both.sum(dim=1, keepdim=True) / count
        if real is not None:
            centred = torch.where(real, centred, 0.0)
        power = centred.square().sum(dim=1, keepdim=True) / count + _EPS
        return centred / power.sqrt(), power.log().squeeze(1)


def make_lag_attention(config: ModelConfig, schema: Schema) -> LagAttention | None:
    """As the settings ask for; `None` without lags, or without two temporal streams."""
    if config.max_lag == 0 or sum(stream.temporal for stream in schema.streams) < 2:
        return None
    return LagAttention(config, schema)


def cross_correlations(first: Tensor, second: Tensor, max_lag: int) -> Tensor:
    """`sum over t of first[t] second[t + lag]`, channel by channel, 0 outside of the clip.

    Args:
        first: (B, T, F).
        second: (B, T, F).
        max_lag: In frames.

    Returns:
        (B, 2 max_lag + 1, F), lags from -max_lag to max_lag.
    """
    # Padded, since a discrete Fourier transform goes round: a shift must not bring the end to the
    # front. To a multiple of 32, since a transform of a prime length is slow.
    size = -(-(max(first.shape[1], max_lag + 1) + max_lag) // 32) * 32
    spectrum = torch.fft.rfft(first, size, dim=1).conj() * torch.fft.rfft(second, size, dim=1)
    whole = torch.fft.irfft(spectrum, size, dim=1)
    return torch.cat([whole[:, size - max_lag :], whole[:, : max_lag + 1]], dim=1)
