"""The settings of the network. The defaults are the manual's: whatever it does not have is off."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from avq_core.config.constraints import (
    FINITE,
    NO_BOOL,
    Expected,
    Flag,
    NonNegativeInt,
    OneOf,
    PositiveInt,
    Probability,
    mismatch,
)
from avq_core.config.messages import Wording
from avq_core.config.settings import Settings

Positions = Literal["none", "sinusoidal", "learned"]
Pooling = Literal["mean", "mean_std", "attention"]
Fusion = Literal["mean", "gated", "concat", "attention"]
Head = Literal["sigmoid", "linear"]


class ModelConfig(Settings, frozen=True):
    """The network: embedders, fusion, encoder, pooling, paths beside the encoder, heads."""

    wording: ClassVar[Wording] = Wording(section="model")

    hidden_dim: PositiveInt = 512
    """Width of the encoder; a positive multiple of `num_heads`, even with sinusoidal positions."""
    num_layers: PositiveInt = 6
    """Transformer encoder layers, at least 1."""
    num_heads: PositiveInt = 16
    """Attention heads, at least 1; must divide `hidden_dim`."""
    dropout: Probability = 0.3
    """Probability in [0, 1) of dropping a unit, in embedders, encoder and heads alike."""
    feedforward_factor: PositiveInt = 4
    """Width of an encoder layer's feed-forward part, in multiples of `hidden_dim`."""
    embedder_scale: Annotated[
        float, Field(gt=0, le=8), FINITE, NO_BOOL, Expected("a factor in (0, 8]")
    ] = 1.0
    """Factor on the embedders' inner widths (512, 256 or 128 by a stream's dimension)."""
    frame_stride: PositiveInt = 1
    """Frames averaged into one before the embedders, at least 1; 1 leaves them as they are."""
    input_dropout: Probability = 0.0
    """Probability in [0, 1) of dropping a column of a stream, for a whole clip."""
    stream_dropout: Probability = 0.0
    """Probability in [0, 1) of dropping an embedded stream, for a whole clip."""
    stream_norm: Flag = False
    """Whether each embedded stream is layer-normalised before the fusion."""
    fusion: Annotated[Fusion, OneOf()] = "mean"
    """Of the streams: `mean`, `gated` (a mean weighted by the streams themselves), `concat` (side by
    side, then projected) or `attention` (the streams of a frame attend to each other, then mean)."""
    positions: Annotated[Positions, OneOf()] = "none"
    """`none` (the manual: blind to the order of the frames), `sinusoidal` or `learned`."""
    norm_first: Flag = False
    """Whether an encoder layer normalises before its parts (pre-norm) and not after (post-norm)."""
    pooling: Annotated[Pooling, OneOf()] = "mean"
    """Over time: `mean`; `mean_std` (mean and standard deviation side by side); `attention` (both,
    weighted by learned attention)."""
    statistics_width: NonNegativeInt = 0
    """Width of the path from each stream's statistics over time (mean, deviation, mean absolute
    difference of frames) past the encoder to the heads; 0 for none."""
    max_lag: NonNegativeInt = 0
    """Frames up to which each pair of temporal streams is correlated with one shifted against the
    other, for the heads; 0 for none, as where there are fewer than two temporal streams."""
    lag_channels: PositiveInt = 4
    """Learned projections of each stream to correlate, at least 1; used where `max_lag` > 0."""
    lag_contents: Flag = False
    """Whether the heads learn how well two streams agree at the lag where they meet, beside which
    lag that is."""
    lag_powers: Flag = False
    """Whether the heads also read how much each projection moves."""
    clip_to_heads: Flag = False
    """Whether the heads also read the clip-level streams directly."""
    head: Annotated[Head, OneOf()] = "sigmoid"
    """End of each task's head: `sigmoid` (inside the train range) or `linear`."""

    @model_validator(mode="after")
    def _check_width(self) -> Self:
        if self.hidden_dim % self.num_heads != 0:
            expected = f"a multiple of model.num_heads = {self.num_heads}"
            raise mismatch("hidden_dim", self.hidden_dim, expected)
        if self.positions == "sinusoidal" and self.hidden_dim % 2 != 0:
            expected = "an even number with model.positions = sinusoidal"
            raise mismatch("hidden_dim", self.hidden_dim, expected)
        return self
