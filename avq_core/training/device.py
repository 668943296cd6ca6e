"""Devices, and random numbers that stay inside a run."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from avq_core.errors import ConfigError

SHARED_MEMORY = 0.9
"""Share of a GPU's memory for the tensors of all processes; the driver needs the rest."""


def parse_device(name: str) -> torch.device:
    """The device named `auto`, `cpu` or `cuda[:N]`.

    Raises:
        ConfigError: An unknown name, or a GPU that this machine does not have.
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
        count = torch.cuda.device_count()
        index = device.index or 0
        if index >= count:
            raise ConfigError(
                f"device is {name!r}, but this machine has {count} CUDA device(s); "
                f"use {'cpu' if not count else f'cuda:0 to cuda:{count - 1}'}"
            )
        return torch.device("cuda", index)
    return device


def claim_device(name: str, *, memory_share: float) -> torch.device:
    """Parses a device name and limits this process to its share of a GPU's memory.

    Args:
        name: `auto`, `cpu` or `cuda[:N]`.
        memory_share: Share of the memory in (0, 1], after what the driver needs.

    Raises:
        ConfigError: An unknown name, or a GPU that this machine does not have.
    """
    device = parse_device(name)
    if device.type == "cuda" and memory_share < 1:
        torch.cuda.set_per_process_memory_fraction(SHARED_MEMORY * memory_share, device)
    return device


def device_name(device: str) -> str:
    """The device's name for people: a GPU's model, or `CPU`."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU"


@contextmanager
def isolated_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seeds torch inside the block and restores its generators afterwards.

    PyTorch's initialisers and GPU dropout can only draw from its default generators. Forking those
    makes a run a function of its seed alone, whatever ran before it.
    """
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
