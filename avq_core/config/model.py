"""The settings of the network. The defaults are the manual's: whatever it does not have is off."""

from dataclasses import dataclass
from typing import Final

from avq_core.config.checks import check, is_int, is_number

POSITIONS: Final = ("none", "sinusoidal", "learned")
POOLINGS: Final = ("mean", "mean_std", "attention")
FUSIONS: Final = ("mean", "gated", "concat", "attention")
HEADS: Final = ("sigmoid", "linear")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig:
    """The network: embedders, fusion, encoder, pooling, paths beside the encoder, heads."""

    hidden_dim: int = 512
    """Width of the encoder; a positive multiple of `num_heads`, even with sinusoidal positions."""
    num_layers: int = 6
    """Transformer encoder layers, at least 1."""
    num_heads: int = 16
    """Attention heads, at least 1; must divide `hidden_dim`."""
    dropout: float = 0.3
    """Probability in [0, 1) of dropping a unit, in embedders, encoder and heads alike."""
    feedforward_factor: int = 4
    """Width of an encoder layer's feed-forward part, in multiples of `hidden_dim`."""
    embedder_scale: float = 1.0
    """Factor on the embedders' inner widths (512, 256 or 128 by a stream's dimension)."""
    frame_stride: int = 1
    """Frames averaged into one before the embedders, at least 1; 1 leaves them as they are."""
    input_dropout: float = 0.0
    """Probability in [0, 1) of dropping a column of a stream, for a whole clip."""
    stream_dropout: float = 0.0
    """Probability in [0, 1) of dropping an embedded stream, for a whole clip."""
    stream_norm: bool = False
    """Whether each embedded stream is layer-normalised before the fusion."""
    fusion: str = "mean"
    """Of the streams: `mean`, `gated` (a mean weighted by the streams themselves), `concat` (side by
    side, then projected) or `attention` (the streams of a frame attend to each other, then mean)."""
    positions: str = "none"
    """`none` (the manual: blind to the order of the frames), `sinusoidal` or `learned`."""
    norm_first: bool = False
    """Whether an encoder layer normalises before its parts (pre-norm) and not after (post-norm)."""
    pooling: str = "mean"
    """Over time: `mean`; `mean_std` (mean and standard deviation side by side); `attention` (both,
    weighted by learned attention)."""
    statistics_width: int = 0
    """Width of the path from each stream's statistics over time (mean, deviation, mean absolute
    difference of frames) past the encoder to the heads; 0 for none."""
    max_lag: int = 0
    """Frames up to which each pair of temporal streams is correlated with one shifted against the
    other, for the heads; 0 for none, as where there are fewer than two temporal streams."""
    lag_channels: int = 4
    """Learned projections of each stream to correlate, at least 1; used where `max_lag` > 0."""
    lag_contents: bool = False
    """Whether the heads learn how well two streams agree at the lag where they meet, beside which
    lag that is."""
    lag_powers: bool = False
    """Whether the heads also read how much each projection moves."""
    clip_to_heads: bool = False
    """Whether the heads also read the clip-level streams directly."""
    head: str = "sigmoid"
    """End of each task's head: `sigmoid` (inside the train range) or `linear`."""

    def __post_init__(self) -> None:
        for name in ("hidden_dim", "num_layers", "num_heads", "feedforward_factor"):
            self._check_count(name, 1)
        for name, least in (("frame_stride", 1), ("lag_channels", 1)):
            self._check_count(name, least)
        for name in ("statistics_width", "max_lag"):
            self._check_count(name, 0)
        check(
            self.hidden_dim % self.num_heads == 0,
            "model.hidden_dim",
            self.hidden_dim,
            f"a multiple of model.num_heads = {self.num_heads}",
        )
        for name in ("dropout", "input_dropout", "stream_dropout"):
            value = getattr(self, name)
            sound = is_number(value) and 0 <= value < 1
            check(sound, f"model.{name}", value, "a probability in [0, 1)")
        check(
            is_number(self.embedder_scale) and 0 < self.embedder_scale <= 8,
            "model.embedder_scale",
            self.embedder_scale,
            "a factor in (0, 8]",
        )
        for name in ("stream_norm", "norm_first", "lag_contents", "lag_powers", "clip_to_heads"):
            value = getattr(self, name)
            check(isinstance(value, bool), f"model.{name}", value, "true or false")
        for name, known in (
            ("positions", POSITIONS),
            ("pooling", POOLINGS),
            ("fusion", FUSIONS),
            ("head", HEADS),
        ):
            value = getattr(self, name)
            check(value in known, f"model.{name}", value, f"one of {known}")
        check(
            self.positions != "sinusoidal" or self.hidden_dim % 2 == 0,
            "model.hidden_dim",
            self.hidden_dim,
            "an even number with model.positions = sinusoidal",
        )

    def _check_count(self, name: str, least: int) -> None:
        value = getattr(self, name)
        check(is_int(value) and value >= least, f"model.{name}", value, f"an integer >= {least}")
