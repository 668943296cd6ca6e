"""Dropout, self-attention, the encoder layer and positions.

Shapes: B batch, T frames, D width, H heads.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it

_MASK_LEVELS = 256
"""A CPU dropout mask is made of bytes, so one mask drops a multiple of 1/256 of the units."""


class Dropout(nn.Module):
    """Drops units with a probability and scales the others, so that the mean stays the same.

    On a GPU this is `torch.nn.functional.dropout`. On a CPU that function draws one Bernoulli number
    at a time, which takes a third of a small model's step; here 64 random bits make the masks of
    eight units. A mask can only drop a multiple of 1/256, so each call draws which of the two nearest
    multiples it takes, with odds that give every unit exactly the probability. At most 255/256 are
    dropped, on a GPU as well.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = min(probability, 1 - 1 / _MASK_LEVELS)

    def forward(self, x: Tensor) -> Tensor:
        """Returns `x`, any shape, with units dropped in training."""
        if not self.training or self.probability == 0.0:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.probability)
        threshold = int(self.probability * _MASK_LEVELS + torch.rand(()).item())
        if threshold == 0:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        noise = words.view(torch.uint8)[: x.numel()].view(x.shape)
        # Written as floats directly: applying a mask of booleans takes three times as long.
        mask = torch.ge(noise, threshold, out=torch.empty_like(x, requires_grad=False))
        return x * mask.mul_(_MASK_LEVELS / (_MASK_LEVELS - threshold))

    def extra_repr(self) -> str:
        """The probability, as `print(network)` shows it."""
        return f"p={self.probability}"


class SelfAttention(nn.Module):
    """Multi-head self-attention (Vaswani et al., 2017, section 3.2.2) with attention dropout."""

    def __init__(self, *, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.project_in = nn.Linear(width, 3 * width)
        self.project_out = nn.Linear(width, width)
        self.dropout = Dropout(dropout)
        # The initialisation of torch.nn.MultiheadAttention.
        nn.init.xavier_uniform_(self.project_in.weight)
        nn.init.zeros_(self.project_in.bias)
        nn.init.zeros_(self.project_out.bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mixes frames: (B, T, D) and a mask -> (B, T, D).

        Args:
            x: (B, T, D).
            mask: (B, T), True where frames are real; `None` where all are.
        """
        batch, frames, width = x.shape
        attended = None if mask is None else mask[:, None, None, :]
        qkv = self.project_in(x).view(batch, frames, 3, self.num_heads, width // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, H, T, D / H)
        if x.device.type == "cpu" and self.training and self.dropout.probability > 0:
            # With dropout PyTorch's CPU kernel falls back to the same steps, with its slow dropout.
            scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
            if attended is not None:
                scores = scores.masked_fill(~attended, -math.inf)
            mixed = self.dropout(scores.softmax(dim=-1)) @ value
        else:
            probability = self.dropout.probability if self.training else 0.0
            mixed = F.scaled_dot_product_attention(
                query, key, value, attn_mask=attended, dropout_p=probability
            )
        joined = mixed.transpose(1, 2).reshape(batch, frames, width)
        return self.project_out(joined)  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """A transformer encoder layer with ReLU, equal to `nn.TransformerEncoderLayer`.

    Post-norm by default, pre-norm with `norm_first` (Xiong et al., 2020, figure 1).
    """

    def __init__(
        self,
        *,
        width: int,
        num_heads: int,
        feedforward: int,
        dropout: float,
        norm_first: bool = False,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = SelfAttention(width=width, num_heads=num_heads, dropout=dropout)
        self.feedforward = nn.Sequential(
            nn.Linear(width, feedforward),
            nn.ReLU(inplace=True),
            Dropout(dropout),
            nn.Linear(feedforward, width),
        )
        self.dropout = Dropout(dropout)
        self.norm_attention = nn.LayerNorm(width)
        self.norm_feedforward = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T, D) and a mask (B, T), as `SelfAttention.forward` takes it -> (B, T, D)."""
        if self.norm_first:
            x = x + self.dropout(self.attention(self.norm_attention(x), mask))
            return x + self.dropout(self.feedforward(self.norm_feedforward(x)))  # type: ignore[no-any-return]
        x = self.norm_attention(x + self.dropout(self.attention(x, mask)))
        return self.norm_feedforward(x + self.dropout(self.feedforward(x)))  # type: ignore[no-any-return]


def sinusoidal_positions(num_frames: int, width: int) -> Tensor:
    """Fixed position encodings (Vaswani et al., 2017, section 3.5).

    Returns:
        (T, D), sines in the even columns and cosines in the odd ones; D must be even.
    """
    position = torch.arange(num_frames, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    table = torch.empty(num_frames, width)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)
    return table
