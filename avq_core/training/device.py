"""Where training runs, in which precision, and how its randomness is kept to itself."""

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from avq_core.errors import ConfigError

_WORTHWHILE_SPEEDUP = 1.5
SHARED_MEMORY = 0.9
"""Of a GPU's, for the tensors of all its processes; each also costs a driver's context."""


def parse_device(name: str) -> torch.device:
    """The device named `auto`, `cpu` or `cuda[:N]`.

    Raises:
        ConfigError: An unknown name, or a GPU that is not there.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device is {name!r}, expected auto, cpu or cuda:N") from error
    if device.type not in {"cpu", "cuda"}:
        raise ConfigError(f"device is {name!r}, expected auto, cpu or cuda:N")
    if device.type == "cuda":
        found = torch.cuda.device_count()
        index = device.index or 0
        if index >= found:
            raise ConfigError(
                f"device is {name!r}, but this machine has {found} CUDA device(s); "
                f"use {'cpu' if not found else f'cuda:0 to cuda:{found - 1}'}"
            )
        return torch.device("cuda", index)
    return device


def claim_device(name: str, *, memory_share: float) -> torch.device:
    """As `parse_device`; of a GPU's memory this process then takes no more than its share.

    Args:
        name: `auto`, `cpu` or `cuda[:N]`.
        memory_share: In (0, 1]. What the driver itself needs for each process is kept free of it.

    Raises:
        ConfigError: An unknown name, or a GPU that is not there.
    """
    device = parse_device(name)
    if device.type == "cuda" and memory_share < 1:
        torch.cuda.set_per_process_memory_fraction(SHARED_MEMORY * memory_share, device)
    return device


def device_name(device: str) -> str:
    """What people call a device of `parse_device`: a GPU's model, or `CPU`."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """The dtype of matrix products for `TrainingConfig.precision` on a device."""
    if precision == "fp32":
        return torch.float32
    if precision == "bf16" or _gains_from_bf16(device):
        return torch.bfloat16
    return torch.float32


@functools.cache
def _gains_from_bf16(device: torch.device) -> bool:
    """Whether bf16 products are worth it: known of GPUs, measured on CPUs (some emulate bf16)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return _matmul_seconds(torch.float32) > _WORTHWHILE_SPEEDUP * _matmul_seconds(torch.bfloat16)


def _matmul_seconds(dtype: torch.dtype, size: int = 512, repeats: int = 3) -> float:
    matrix = torch.full((size, size), 0.5, dtype=dtype)
    matrix @ matrix
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - start)
    return best


@contextmanager
def isolated_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seeds torch inside and leaves its generators as they were outside.

    PyTorch's initialisers and GPU dropout draw from its default generators and nowhere else;
    forking them is how a run stays a function of its seed, whatever ran before it.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
