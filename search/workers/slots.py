"""Slots: how many workers a machine runs, on which device, with what share of it."""

import os
from collections.abc import Sequence
from typing import Final

from search.job import Slot

_MAX_PER_GPU: Final = 8
"""Unless more are asked for. 14 train a quarter more still in the same time (docs/experiments/019); what a
sampler loses that has so many trials under way when it suggests the next was not measured."""
_GPU_BYTES_BESIDE_DATA: Final = 4 * 2**30
"""Of a worker, for a network and its activations. A guess that costs time at worst: a step that needs
more is cut into micro-batches."""


def available_cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_names(names: Sequence[str] | None) -> list[str]:
    """The devices to train on, each once.

    Args:
        names: `cpu` and CUDA devices; `None` for all GPUs, or the CPU where there is none.

    Raises:
        ConfigError: A device that this machine does not have.
    """
    from avq_core.training.device import parse_device

    if names is None:
        import torch

        return [f"cuda:{i}" for i in range(torch.cuda.device_count())] or ["cpu"]
    return list(dict.fromkeys(str(parse_device(name)) for name in names))


def make_slots(*, workers: int | None, devices: Sequence[str], data_bytes: int = 0) -> list[Slot]:
    """One slot a worker.

    Args:
        workers: `None` for one a CPU core, or on a GPU as many as its memory and the cores
            beside it carry, up to `_MAX_PER_GPU`. Two processes of one thread train two small
            networks faster than one process of two threads trains them in turn, and one process
            leaves most of a GPU idle (docs/experiments/019).
        devices: As `device_names` gives them. Workers take them in turn; without a number, until a device
            has as many as it carries.
        data_bytes: Of which a worker on a GPU keeps a copy there; counts where
            there is no number of workers.
    """
    cores = available_cores()
    if workers is None:
        carried = {name: _carried(name, cores // len(devices), data_bytes) for name in devices}
        turns = range(max(carried.values()))
        own = [name for turn in turns for name in devices if turn < carried[name]]
    else:
        own = [devices[i % len(devices)] for i in range(workers)]
    threads = max(1, cores // len(own))
    return [
        Slot(index=index, device=name, threads=threads, memory_share=1 / own.count(name))
        for index, name in enumerate(own)
    ]


def _carried(device: str, cores: int, data_bytes: int) -> int:
    """Workers that a device carries, with so many cores to feed it; at least one."""
    if device == "cpu":
        return max(1, cores)
    import torch

    from avq_core.training.device import SHARED_MEMORY

    memory = SHARED_MEMORY * torch.cuda.get_device_properties(device).total_memory
    return max(1, min(cores, int(memory / (data_bytes + _GPU_BYTES_BESIDE_DATA)), _MAX_PER_GPU))
