"""Decides the precision of a run's matrix products, and writes it into the configuration.

Shapes: D columns of a stream, W width of the encoder.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import torch

from avq_core.config.model import ModelConfig
from avq_core.config.training import TrainConfig
from avq_core.config.values import with_values
from avq_core.data.schema import Schema
from avq_core.model.embedders import inner_width

Bf16 = Literal["amx", "avx512", "none"]
"""What a CPU multiplies bf16 with: matrix units, vector units, or nothing of its own."""

_MIN_WORK: Final = 500_000
"""`work_per_frame` from which bf16 is clearly faster on a CPU that has it (docs/experiments/028)."""


def settled(config: TrainConfig, schema: Schema, device: torch.device) -> TrainConfig:
    """The configuration with `auto` replaced by the precision that the network trains in on a device.

    It is a rule and no measurement: the same network gets the same precision on all machines of a kind.
    """
    if config.training.precision != "auto":
        return config
    fast = _gpu_has_bf16(device) if device.type == "cuda" else _cpu_gains(config.model, schema)
    return with_values(config, {"training.precision": "bf16" if fast else "fp32"})


def dtype_of(config: TrainConfig) -> torch.dtype:
    """The dtype of matrix products of a configuration whose precision is settled."""
    assert config.training.precision != "auto", "settled() comes first"
    return torch.bfloat16 if config.training.precision == "bf16" else torch.float32


def note_on_emulation(config: TrainConfig, device: torch.device) -> str | None:
    """A line for a run in bf16 on a CPU that has none, as that of a network from another machine."""
    is_emulated = device.type == "cpu" and cpu_bf16() == "none"
    if config.training.precision != "bf16" or not is_emulated:
        return None
    return (
        "note: training.precision is bf16, as on the machine that it was decided on; this CPU emulates "
        "it, about 3 times slower than fp32"
    )


def work_per_frame(model: ModelConfig, schema: Schema) -> float:
    """Multiplications of the network's linear layers for each frame of the data.

    bf16 makes products faster and costs conversions. What is converted, or is not computed in bf16 at all,
    grows with the frames and their columns, and hardly with the network.
    """
    return sum(a * b for a, b in _layers(model, schema)) / model.frame_stride


def _layers(model: ModelConfig, schema: Schema) -> Iterator[tuple[int, int]]:
    """Columns in and out of each linear layer that sees every frame."""
    width = model.hidden_dim
    for stream in schema.streams:
        if stream.temporal:
            inner = inner_width(stream.dim, model.embedder_scale)
            yield from ((stream.dim, inner), (inner, width))
    deep = model.feedforward_factor * width
    yield from [(width, 3 * width), (width, width), (width, deep), (deep, width)] * model.num_layers


def _cpu_gains(model: ModelConfig, schema: Schema) -> bool:
    return cpu_bf16() != "none" and work_per_frame(model, schema) >= _MIN_WORK


def _gpu_has_bf16(device: torch.device) -> bool:
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


@functools.cache
def cpu_bf16() -> Bf16:
    """What this machine's CPU multiplies bf16 with, by the features that it reports."""
    # PyTorch before 2.12 does not tell; fp32 is then right, and at worst slower.
    features: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    if features.get("amx_tile") and features.get("amx_bf16"):
        return "amx"
    return "avx512" if features.get("avx512_bf16") else "none"
