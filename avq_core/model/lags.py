"""Cross-correlations between streams over time lags, read by attention.

Whether sound and picture are aligned is a question of lag: shift one stream against the other and see
where they move together. Self-attention over frames could learn this in principle, but not from a few
hundred labels, so it is built in, for any pair of streams and on learned projections.

Shapes: B clips, T frames, D columns of a stream, C channels (projections of a stream), R pairs of
streams, L lags from -max_lag to max_lag, F = 2 R C correlations at a lag, H heads, V values of a head.
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
"""Scales the correlations, which are mostly near 0, to a range that the first layer responds to."""
_EPS = 1e-4


class LagAttention(nn.Module):
    """Correlates every pair of temporal streams over lags, and attends to the lags.

    1. Each stream is projected to C channels. Their differences from frame to frame are added as C
       more (slow drifts correlate at every lag, movements at one only), and all are standardised over
       the clip.
    2. A small network, the same for every lag, scores a lag from its F correlations; a softmax over
       lags gives each head's attention.
    3. Each head returns the attention-weighted mean of value vectors that are learned for each lag.

    With `lag_contents` the values also contain a linear function of the correlations (how well the
    streams agree at that lag). With `lag_powers` the output also contains the logarithm of each
    channel's power, which standardising has removed.
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
        """Reads the lags of all pairs of streams.

        Args:
            streams: Stream name to (B, T, D); clip-level streams are ignored.
            mask: (B, T), True where frames are real; `None` where all are.
            present: Optional stream to (B,), False where a clip lacks it.

        Returns:
            (B, out_dim).
        """
        channels: dict[str, Tensor] = {}
        powers: dict[str, Tensor] = {}
        for name in self.project:
            values, power = self._channels(name, streams[name], mask)
            if present and name in present:
                is_present = present[name][:, None]
                values = torch.where(is_present[:, :, None], values, 0.0)
                power = torch.where(is_present, power, 0.0)
            channels[name], powers[name] = values, power
        first = torch.cat([channels[a] for a, _ in self.pairs], dim=2)
        second = torch.cat([channels[b] for _, b in self.pairs], dim=2)
        frames = first.shape[1] if mask is None else mask.sum(dim=1)[:, None, None]
        correlations = cross_correlations(first, second, self.max_lag) * (_SHARPNESS / frames)
        attention = self.score(correlations).softmax(dim=1)  # (B, L, H)
        read = torch.einsum("blh,lhv->bhv", attention, self.places)
        if self.contents is not None:
            contents = self.contents(correlations).unflatten(2, (_HEADS, _VALUES))
            read = read + torch.einsum("blh,blhv->bhv", attention, contents)
        return torch.cat([read.flatten(1), *(powers.values() if self.reads_powers else ())], dim=1)

    def _channels(self, name: str, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Projects a stream and standardises its channels over the real frames.

        Args:
            name: The stream.
            x: (B, T, D).
            mask: (B, T), True where frames are real; `None` where all are.

        Returns:
            Channels (B, T, 2 C) of mean 0 and standard deviation 1, and the logarithm of the power
            (B, 2 C) that they had before.
        """
        level = self.project[name](x)
        change = torch.cat([level[:, 1:] - level[:, :-1], torch.zeros_like(level[:, :1])], dim=1)
        real = None if mask is None else mask[:, :, None]
        if real is not None:
            # The step from the last real frame into the padding does not count.
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
    """The lag attention of the settings; `None` without lags, or with fewer than 2 temporal streams."""
    if config.max_lag == 0 or sum(stream.temporal for stream in schema.streams) < 2:
        return None
    return LagAttention(config, schema)


def cross_correlations(first: Tensor, second: Tensor, max_lag: int) -> Tensor:
    """`sum over t of first[t] second[t + lag]` for each channel; frames outside the clip count as 0.

    Args:
        first: (B, T, F).
        second: (B, T, F).
        max_lag: In frames.

    Returns:
        (B, 2 max_lag + 1, F), lags from -max_lag to max_lag.
    """
    # Padded, because a discrete Fourier transform is circular and the end of the clip must not wrap
    # around to its start; to a multiple of 32, because a transform of a prime length is slow.
    size = -(-(max(first.shape[1], max_lag + 1) + max_lag) // 32) * 32
    spectrum = torch.fft.rfft(first, size, dim=1).conj() * torch.fft.rfft(second, size, dim=1)
    circular = torch.fft.irfft(spectrum, size, dim=1)
    return torch.cat([circular[:, size - max_lag :], circular[:, : max_lag + 1]], dim=1)
