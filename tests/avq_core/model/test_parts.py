"""The parts that the manual's network does not have: fusions, frames, positions, norms."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from avq_core.config.model import Fusion, ModelConfig
from avq_core.config.presets import recommended
from avq_core.data.schema import Schema, Stream
from avq_core.model.frames import average_frames
from avq_core.model.fusion import make_fusion
from avq_core.model.layers import EncoderLayer
from avq_core.model.network import Network

SCHEMA = Schema(
    streams=(
        Stream(name="audio", dim=4, temporal=True),
        Stream(name="visual", dim=3, temporal=True),
        Stream(name="sync", dim=2, temporal=False),
    ),
    num_frames=7,
    tasks=("x", "y"),
)
PARTS: list[dict[str, Any]] = [
    {"frame_stride": 3},
    {"input_dropout": 0.5},
    {"stream_dropout": 0.5},
    {"stream_norm": True},
    {"fusion": "gated"},
    {"fusion": "concat"},
    {"fusion": "attention"},
    {"positions": "learned"},
    {"norm_first": True},
    {"pooling": "attention"},
    {"statistics_width": 5},
    {"max_lag": 3},
    {"max_lag": 3, "lag_contents": True},
    {"max_lag": 3, "lag_powers": True},
    {"clip_to_heads": True},
    {"head": "linear"},
]


def built(**settings: Any) -> Network:
    torch.manual_seed(0)
    small = {"hidden_dim": 8, "num_layers": 1, "num_heads": 2, "dropout": 0.0}
    return Network(ModelConfig(**small | settings), SCHEMA)


def clips(num: int = 5, frames: int = 7) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "audio": torch.randn(num, frames, 4, generator=generator),
        "visual": torch.randn(num, frames, 3, generator=generator),
        "sync": torch.randn(num, 2, generator=generator),
    }


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_part_changes_scores_and_learns(part: dict[str, Any]) -> None:
    """Switching it on changes scores, and every parameter of the network gets a gradient."""
    streams = clips()
    network = built(**part).train()
    torch.manual_seed(3)
    scores = network(streams)
    torch.manual_seed(3)
    assert not torch.allclose(scores, built().train()(streams))
    scores.square().sum().backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None]
    assert not idle


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_part_scores_a_padded_clip_as_alone_and_longer_ones_at_all(part: dict[str, Any]) -> None:
    """Padding and longer clips work with every part, as with the manual's network."""
    network = built(**part).eval()
    streams, lengths = clips(), (7, 3, 1, 5, 4)
    for row, length in enumerate(lengths):
        for name in ("audio", "visual"):
            streams[name][row, length:] = 1e4
    together = network(streams, torch.tensor(lengths))
    for row, length in enumerate(lengths):
        alone = {n: x[row : row + 1, :length] if x.dim() == 3 else x[row : row + 1]
                 for n, x in streams.items()}  # fmt: skip
        torch.testing.assert_close(together[row : row + 1], network(alone), atol=1e-4, rtol=1e-3)
    assert network(clips(frames=19)).isfinite().all()


def test_statistics_that_are_known_are_not_computed_again() -> None:
    """The scores are the same whether statistics are passed or computed."""
    from avq_core.model.statistics import pooled_statistics

    network, streams = built(statistics_width=5).eval(), clips()
    statistics = pooled_statistics(streams, SCHEMA)
    network.fit_statistics(statistics)
    torch.testing.assert_close(network(streams), network(streams, statistics=statistics))


def test_the_manuals_network_has_none_of_the_parts() -> None:
    """All parts are off by default: the network has no parameter and no buffer of theirs."""
    names = {name.split(".")[0] for name in Network(ModelConfig(), SCHEMA).state_dict()}
    assert names == {"embedding", "encoder", "heads"}
    off = ModelConfig()
    assert all(
        not getattr(off, n) for n in ("statistics_width", "max_lag", "norm_first", "stream_norm")
    )


def test_the_recommended_configuration_fits_any_tasks() -> None:
    """Tasks that the manual does not name weigh 1."""
    assert recommended(("new", "overall")).training.task_weights == {"new": 1.0, "overall": 1.3}


def test_pre_norm_equals_pytorchs() -> None:
    """With the same weights the layer computes what nn.TransformerEncoderLayer computes."""
    torch.manual_seed(0)
    ours = EncoderLayer(width=8, num_heads=2, feedforward=16, dropout=0.0, norm_first=True)
    theirs = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, norm_first=True)
    for name, module in (
        ("self_attn.in_proj_", ours.attention.project_in),
        ("self_attn.out_proj.", ours.attention.project_out),
        ("linear1.", ours.feedforward[0]),
        ("linear2.", ours.feedforward[3]),
        ("norm1.", ours.norm_attention),
        ("norm2.", ours.norm_feedforward),
    ):
        for kind in ("weight", "bias"):
            theirs.get_parameter(name + kind).data.copy_(getattr(module, kind))
    x = torch.randn(3, 5, 8)
    torch.testing.assert_close(ours(x), theirs(x))


def test_frames_are_averaged_window_by_window() -> None:
    """The last window may be shorter, and padding is left out of the mean."""
    x = torch.arange(5.0)[None, :, None].repeat(2, 1, 1)
    torch.testing.assert_close(average_frames(x, 2)[0, :, 0], torch.tensor([0.5, 2.5, 4.0]))
    mask = torch.arange(5) < torch.tensor([5, 3])[:, None]
    x[1, 3:] = torch.nan
    torch.testing.assert_close(average_frames(x, 2, mask)[1, :, 0], torch.tensor([0.5, 2.0, 0.0]))


@pytest.mark.parametrize("kind", get_args(Fusion))
def test_fusions_take_streams_with_and_without_time(kind: str) -> None:
    """The result is (B, T, W), with one frame where no stream is temporal."""
    fusion = make_fusion(kind, ["a", "b"], width=4, num_heads=2)
    assert fusion({"a": torch.randn(3, 5, 4), "b": torch.randn(3, 4)}).shape == (3, 5, 4)
    assert fusion({"a": torch.randn(3, 4), "b": torch.randn(3, 4)}).shape == (3, 1, 4)


def test_gates_weigh_streams_by_what_they_hold() -> None:
    """The result lies between the streams' values: a weighted mean, not a sum."""
    torch.manual_seed(0)
    fusion = make_fusion("gated", ["a", "b"], width=1, num_heads=1)
    low, high = torch.zeros(2, 3, 1), torch.ones(2, 3, 1)
    mixed = fusion({"a": low, "b": high})
    assert ((mixed > 0) & (mixed < 1)).all()
