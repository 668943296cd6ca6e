"""Clips of different lengths and clips that lack a stream: neither changes the others' scores."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from avq_core.config.data import DataConfig
from avq_core.config.model import ModelConfig
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.splits import transform_split
from avq_core.data.preprocessing.statistics import fit
from avq_core.data.schema import Schema, Stream
from avq_core.model.network import Network
from avq_core.training.resident import to_device

SCHEMA = Schema(
    streams=(
        Stream(name="audio", dim=4, temporal=True, optional=True),
        Stream(name="visual", dim=3, temporal=True),
        Stream(name="sync", dim=2, temporal=False, optional=True),
    ),
    num_frames=7,
    tasks=("x", "y"),
)
LENGTHS = (7, 3, 1, 5)


def built(**settings: Any) -> Network:
    torch.manual_seed(0)
    config = ModelConfig(**{"hidden_dim": 16, "num_layers": 2, "num_heads": 4} | settings)
    network = Network(config, SCHEMA)
    with torch.no_grad():
        for stand_in in network.embedding.absent.values():
            stand_in.normal_()
    return network


def clips(*, padding: float) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    streams = {
        "audio": torch.randn(4, 7, 4, generator=generator),
        "visual": torch.randn(4, 7, 3, generator=generator),
        "sync": torch.randn(4, 2, generator=generator),
    }
    for row, length in enumerate(LENGTHS):
        streams["audio"][row, length:] = padding
        streams["visual"][row, length:] = padding
    return streams


@pytest.mark.parametrize("pooling", ["mean", "mean_std"])
@pytest.mark.parametrize("positions", ["none", "sinusoidal"])
@pytest.mark.parametrize("training", [False, True])
def test_a_padded_clip_scores_as_it_does_alone(
    pooling: str, positions: str, training: bool
) -> None:
    """Attention, pooling and positions use real frames only, in both implementations of attention."""
    dropout = 1e-9 if training else 0.3  # too small to drop anything, but takes that path
    network = built(pooling=pooling, positions=positions, dropout=dropout).train(training)
    streams = clips(padding=1e4)
    together = network(streams, torch.tensor(LENGTHS))
    for row, length in enumerate(LENGTHS):
        alone = {n: x[row : row + 1, :length] if x.dim() == 3 else x[row : row + 1]
                 for n, x in streams.items()}  # fmt: skip
        torch.testing.assert_close(together[row : row + 1], network(alone), atol=1e-5, rtol=1e-4)


def test_what_stands_in_the_padding_changes_no_gradient() -> None:
    """Not even infinities, because padding is replaced and not multiplied by 0."""
    gradients = []
    for padding in (0.0, 50.0):
        network = built(dropout=0.0, pooling="mean_std").train()
        network(clips(padding=padding), torch.tensor(LENGTHS)).sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()
                                    if p.grad is not None]))  # fmt: skip
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-4)


def test_an_absent_stream_is_replaced_by_what_was_learned() -> None:
    """Its values change nothing, while the learned stand-in does and gets a gradient."""
    network = built(dropout=0.0).train()
    present = {"audio": torch.tensor([True, False, True, False]), "sync": torch.ones(4) > 0}
    streams = clips(padding=0.0)
    before = network(streams, None, present)
    streams["audio"][1] += 3.0
    torch.testing.assert_close(network(streams, None, present), before)
    streams["audio"][0] += 3.0
    changed = network(streams, None, present)
    assert not torch.allclose(changed[0], before[0])
    torch.testing.assert_close(changed[1:], before[1:])
    changed.sum().backward()
    gradient = network.embedding.absent["audio"].grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_a_stream_that_is_always_there_has_no_stand_in() -> None:
    """The manual's network gets no additional parameter."""
    assert set(built().embedding.absent) == {"audio", "sync"}


def raw_split() -> RawSplit:
    rng = np.random.default_rng(0)
    features: dict[str, Any] = {"audio": [], "visual": [], "sync": []}
    for length in LENGTHS:
        features["audio"].append(rng.normal(size=(length, 4)).astype(np.float32))
        features["visual"].append(rng.normal(size=(length, 3)).astype(np.float32))
        features["sync"].append(rng.normal(size=2).astype(np.float32))
    features["audio"][1] = features["sync"][3] = None
    labels = rng.uniform(0, 1, size=(4, 2)).astype(np.float32)
    return RawSplit(features=features, labels=labels, groups=list("abcd"))


def test_statistics_are_of_real_frames_only() -> None:
    """Neither padding nor an absent stream counts as a value."""
    split = raw_split()
    statistics = fit(split, SCHEMA, DataConfig())
    seen = np.concatenate([x for x in split.features["audio"] if x is not None])
    columns = statistics.streams["audio"].columns
    np.testing.assert_allclose(columns.mean, seen.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(columns.median, np.median(seen, axis=0), atol=1e-6)


def test_a_ragged_split_is_padded_and_says_what_is_real() -> None:
    """Padding is 0, and lengths and presence are kept, also on the device."""
    split = raw_split()
    made = transform_split(split, SCHEMA, fit(split, SCHEMA, DataConfig()), storage="float16")
    assert {n: (x.shape, x.dtype.name) for n, x in made.streams.items()} == {
        "audio": ((4, 7, 4), "float16"),
        "visual": ((4, 7, 3), "float16"),
        "sync": ((4, 2), "float16"),
    }
    assert made.lengths is not None
    assert made.lengths.tolist() == list(LENGTHS)
    assert {n: x.tolist() for n, x in made.present.items()} == {
        "audio": [True, False, True, True],
        "sync": [True, True, True, False],
    }
    assert not made.streams["audio"][1].any()
    assert not made.streams["visual"][2, 1:].any()
    batch = to_device(made, torch.device("cpu")).batch(torch.tensor([3, 1]))
    assert batch.lengths is not None
    assert batch.lengths.tolist() == [5, 3]
    assert batch.present["audio"].tolist() == [True, False]
    assert {x.dtype for x in batch.streams.values()} == {torch.float32}
