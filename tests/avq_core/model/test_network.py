"""The network: equal to the manual's and to PyTorch's layers, and which inputs change its scores."""

import pytest
import torch
from torch import Tensor, nn

from avq_core.config.model import ModelConfig
from avq_core.config.presets import manual
from avq_core.data.schema import DEFAULT_STREAM_SHAPES, Schema, Stream
from avq_core.model.embedders import inner_width
from avq_core.model.layers import Dropout, EncoderLayer, sinusoidal_positions
from avq_core.model.network import Network


def small(**settings: object) -> ModelConfig:
    return ModelConfig(**{"hidden_dim": 16, "num_layers": 2, "num_heads": 4} | settings)  # type: ignore[arg-type]


def batch(schema: Schema, num: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {
        s.name: (num, schema.num_frames, s.dim) if s.temporal else (num, s.dim)
        for s in schema.streams
    }
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def built(config: ModelConfig, schema: Schema) -> Network:
    torch.manual_seed(0)
    return Network(config, schema).eval()


def shuffled(streams: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
    return {name: x[:, order] if x.dim() == 3 else x for name, x in streams.items()}


def test_manual_network_has_the_manuals_layers() -> None:
    """Embedder widths, encoder and heads are those of the manual's listing."""
    streams = tuple(
        Stream(name=name, dim=shape[-1], temporal=len(shape) == 2)
        for name, shape in DEFAULT_STREAM_SHAPES.items()
    )
    tasks = tuple(manual().training.task_weights)
    network = Network(manual().model, Schema(streams=streams, num_frames=4, tasks=tasks))
    widths = {
        name: embedder[0].out_features for name, embedder in network.embedding.embedders.items()
    }
    assert widths == {
        "visual": 256, "audio": 512, "keypoint": 512, "au": 128, "syncnet": 128, "consistency": 128,
    }  # fmt: skip
    assert len(network.encoder) == 6
    linear = [layer for layer in network.heads["overall"] if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [
        (512, 256),
        (256, 128),
        (128, 1),
    ]


def test_inner_width_scales_but_never_vanishes() -> None:
    """The scale shrinks the manual's widths, but leaves at least one unit."""
    assert inner_width(1404, 0.125) == 64
    assert inner_width(1, 1e-6) == 1


def test_encoder_layer_equals_pytorchs() -> None:
    """With the same weights the layer computes what nn.TransformerEncoderLayer computes."""
    torch.manual_seed(0)
    ours = EncoderLayer(width=16, num_heads=4, feedforward=64, dropout=0.0)
    theirs = nn.TransformerEncoderLayer(16, 4, 64, dropout=0.0, batch_first=True)
    pairs = {
        "attention.project_in.weight": "self_attn.in_proj_weight",
        "attention.project_in.bias": "self_attn.in_proj_bias",
        "attention.project_out.weight": "self_attn.out_proj.weight",
        "attention.project_out.bias": "self_attn.out_proj.bias",
        "feedforward.0.weight": "linear1.weight",
        "feedforward.0.bias": "linear1.bias",
        "feedforward.3.weight": "linear2.weight",
        "feedforward.3.bias": "linear2.bias",
        "norm_attention.weight": "norm1.weight",
        "norm_attention.bias": "norm1.bias",
        "norm_feedforward.weight": "norm2.weight",
        "norm_feedforward.bias": "norm2.bias",
    }
    weights = ours.state_dict()
    theirs.load_state_dict({pairs[name]: value for name, value in weights.items()})
    x = torch.randn(2, 5, 16)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_attention_with_and_without_dropout_path_agree() -> None:
    """The CPU code for training with dropout computes the same attention, but for the dropout."""
    torch.manual_seed(0)
    layer = EncoderLayer(width=16, num_heads=4, feedforward=32, dropout=1e-9).attention
    x = torch.randn(2, 5, 16)
    expected = layer.eval()(x)
    torch.testing.assert_close(layer.train()(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5, 0.999])
def test_dropout_drops_its_share_and_keeps_the_mean(probability: float) -> None:
    """Units are dropped with the probability, and the rest is scaled to the same mean."""
    torch.manual_seed(0)
    kept = Dropout(probability).train()(torch.ones(400, 1000))
    assert (kept == 0).float().mean().item() == pytest.approx(probability, abs=0.004)
    assert kept.mean().item() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("probability", [1 / 1000, 1 / 300, 0.2])
def test_dropout_keeps_to_its_probability_between_the_levels_of_a_mask(probability: float) -> None:
    """A mask drops a multiple of 1/256; over many calls the share is the probability all the same."""
    torch.manual_seed(0)
    dropout = Dropout(probability).train()
    kept = [dropout(torch.ones(4000)) for _ in range(500)]
    share = torch.stack([(x == 0).float().mean() for x in kept]).mean().item()
    assert share == pytest.approx(probability, abs=2e-4)
    assert all(abs(x.mean().item() - 1) < 0.05 for x in kept)


def test_dropout_does_nothing_in_evaluation() -> None:
    """Scoring is deterministic."""
    x = torch.randn(3, 7)
    assert Dropout(0.5).eval()(x) is x


def test_dropout_passes_gradients_only_through_kept_units() -> None:
    """The gradient has the same mask and scale as the value."""
    torch.manual_seed(0)
    x = torch.ones(50, 3, requires_grad=True)
    out = Dropout(0.5).train()(x)
    out.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, out.detach())


def test_manual_network_ignores_the_order_of_frames(schema: Schema) -> None:
    """Without positions and with a mean over time, shuffled frames score the same."""
    network, streams = built(small(), schema), batch(schema)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(
        network(streams), network(shuffled(streams, order)), atol=1e-5, rtol=1e-4
    )


def test_with_positions_the_order_of_frames_matters(schema: Schema) -> None:
    """With positions, shuffled frames score differently."""
    network, streams = built(small(positions="sinusoidal"), schema), batch(schema)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    gap = (network(streams) - network(shuffled(streams, order))).abs().max()
    assert gap > 1e-4


def test_shuffling_one_stream_alone_changes_the_score(schema: Schema) -> None:
    """Even without positions the network sees which frames of two streams coincide."""
    network, streams = built(small(), schema), batch(schema)
    moved = dict(streams, audio=streams["audio"][:, torch.tensor([3, 0, 5, 1, 4, 2])])
    assert (network(streams) - network(moved)).abs().max() > 1e-5


def test_swapping_two_streams_changes_the_score(schema: Schema) -> None:
    """Streams of the same width do not share an embedder."""
    network, streams = built(small(), schema), batch(schema)
    swapped = dict(streams, audio=streams["visual"], visual=streams["audio"])
    assert (network(streams) - network(swapped)).abs().max() > 1e-4


def test_order_of_the_streams_mapping_does_not_matter(schema: Schema) -> None:
    """Streams are taken by name."""
    network, streams = built(small(), schema), batch(schema)
    backwards = dict(reversed(streams.items()))
    torch.testing.assert_close(network(streams), network(backwards))


def test_sigmoid_head_is_bounded_and_linear_head_is_not(schema: Schema) -> None:
    """The head is a setting."""
    streams = {name: 50 * x for name, x in batch(schema, 32).items()}
    bounded = built(small(head="sigmoid"), schema)(streams)
    assert bounded.min() > 0
    assert bounded.max() < 1
    assert built(small(head="linear"), schema)(streams).min() < 0


def test_mean_std_pooling_sees_movement_that_the_mean_cannot(schema: Schema) -> None:
    """The pooled vector doubles and holds the spread over time."""
    network = built(small(pooling="mean_std"), schema)
    pooled = network.pooling(torch.tensor([[[1.0] * 16, [-1.0] * 16]]))
    assert pooled.shape == (1, 32)
    torch.testing.assert_close(pooled[:, :16], torch.zeros(1, 16))
    torch.testing.assert_close(pooled[:, 16:], torch.ones(1, 16), atol=1e-5, rtol=0)


def test_clips_longer_than_in_training_are_scored(schema: Schema) -> None:
    """Sinusoidal positions continue beyond the length of training."""
    network = built(small(positions="sinusoidal"), schema)
    streams = {
        name: torch.cat([x, x], dim=1) if x.dim() == 3 else x for name, x in batch(schema).items()
    }
    assert network(streams).shape == (3, 3)


def test_schema_of_clip_level_streams_alone_works() -> None:
    """Data without a time axis is handled as clips of one frame."""
    schema = Schema(
        streams=(Stream(name="sync", dim=2, temporal=False),), num_frames=1, tasks=("overall",)
    )
    assert built(small(), schema)({"sync": torch.randn(4, 2)}).shape == (4, 1)


def test_sinusoidal_positions_follow_the_papers_formula() -> None:
    """Column 2i is sin(t / 10000^(2i/D)), column 2i+1 its cosine."""
    table = sinusoidal_positions(4, 6)
    expected = torch.sin(torch.tensor(3.0) / 10_000 ** (2 / 6))
    torch.testing.assert_close(table[3, 2], expected)
    torch.testing.assert_close(table[0, 1::2], torch.ones(3))
