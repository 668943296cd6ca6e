"""Correlations over lags: equal to NumPy's, and enough for a network to learn an offset."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.data.schema import Schema, Stream
from avq_core.model.lags import cross_correlations, make_lag_attention

SCHEMA = Schema(
    streams=tuple(Stream(name=name, dim=6, temporal=True) for name in ("picture", "sound")),
    num_frames=40,
    tasks=("offset",),
)


def shifted_pairs(num: int, seed: int, frames: int = 40) -> tuple[dict[str, Tensor], Tensor]:
    """The same movement in a column of both streams, up to 5 frames earlier or later in the second."""
    rng = np.random.default_rng(seed)
    offsets = rng.integers(-5, 6, size=num)
    move = rng.standard_normal((num, frames + 10))
    streams = {
        n: rng.standard_normal((num, frames, 6)).astype(np.float32) for n in ("picture", "sound")
    }
    streams["picture"][:, :, 2] += 3 * move[:, 5:-5]
    for clip, offset in enumerate(offsets):
        streams["sound"][clip, :, 4] += 3 * move[clip, 5 - offset : 5 - offset + frames]
    targets = torch.tensor(np.abs(offsets) / 5, dtype=torch.float32)
    return {name: torch.from_numpy(x) for name, x in streams.items()}, targets


@pytest.mark.parametrize("max_lag", [1, 4, 30])
def test_correlations_equal_numpys(max_lag: int) -> None:
    """At every lag, also at lags longer than the clip, where they are 0."""
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 1, 11, 1))
    correlations = cross_correlations(torch.from_numpy(first), torch.from_numpy(second), max_lag)
    whole = np.correlate(second[0, :, 0], first[0, :, 0], mode="full")  # lags -10 to 10
    wanted = [whole[lag + 10] if abs(lag) <= 10 else 0.0 for lag in range(-max_lag, max_lag + 1)]
    np.testing.assert_allclose(correlations[0, :, 0], wanted, atol=1e-9)


def test_an_offset_is_learned_from_few_clips() -> None:
    """160 clips are enough to estimate, in new clips, how far two noisy streams are apart."""
    torch.manual_seed(0)
    lags = make_lag_attention(ModelConfig(max_lag=8), SCHEMA)
    assert lags is not None
    network = nn.Sequential(nn.Linear(lags.out_dim, 16), nn.ReLU(), nn.Linear(16, 1))
    streams, targets = shifted_pairs(160, 1)
    optimiser = torch.optim.AdamW([*lags.parameters(), *network.parameters()], lr=1e-2)
    for _ in range(150):
        optimiser.zero_grad()
        loss = (network(lags(streams))[:, 0] - targets).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    new, truth = shifted_pairs(80, 2)
    with torch.no_grad():
        error = (network(lags(new))[:, 0] - truth).square().mean()
    assert 1 - error / truth.var() > 0.8


@pytest.mark.parametrize("settings", [{}, {"lag_contents": True, "lag_powers": True}])
def test_padding_and_absence_change_nothing(settings: dict[str, bool]) -> None:
    """A padded clip is read as if it were alone, and an absent stream is ignored."""
    torch.manual_seed(0)
    lags = make_lag_attention(ModelConfig(max_lag=8, **settings), SCHEMA)  # type: ignore[arg-type]
    assert lags is not None
    streams, _ = shifted_pairs(2, 3)
    mask = torch.arange(40) < torch.tensor([40, 17])[:, None]
    short = {name: x[1:, :17] for name, x in streams.items()}
    for x in streams.values():
        x[1, 17:] = torch.inf
    torch.testing.assert_close(lags(streams, mask)[1:], lags(short), atol=1e-5, rtol=1e-4)
    streams, _ = shifted_pairs(2, 3)
    present = {"sound": torch.tensor([True, False])}
    before = lags(streams, None, present)
    streams["sound"][1] += 5.0 * torch.randn(40, 6)
    torch.testing.assert_close(lags(streams, None, present), before)


def test_without_a_pair_of_temporal_streams_there_is_nothing_to_correlate() -> None:
    """Data with one temporal stream can still be trained on."""
    alone = Schema(streams=SCHEMA.streams[:1], num_frames=40, tasks=("offset",))
    assert make_lag_attention(ModelConfig(max_lag=8), alone) is None
    assert make_lag_attention(ModelConfig(), SCHEMA) is None
