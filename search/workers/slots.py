"""Slots: how many workers a machine runs, on which devices, each with what share of its device."""

import os
from collections.abc import Sequence
from typing import Final

from search.job import Slot

_MAX_PER_GPU: Final = 8
"""Unless the user asks for more. 14 train another quarter more in the same time (docs/experiments/019),
but how much worse a sampler suggests with so many trials still running was not measured."""
_GPU_BYTES_BESIDE_DATA: Final = 4 * 2**30
"""GPU memory that a worker needs for a network and its activations. A rough guess: a step that needs more
is cut into micro-batches, which costs time only."""


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
    """One slot for each worker.

    Args:
        workers: `None` for one on each CPU core, or on a GPU as many as its memory and the
            machine's cores allow, up to `_MAX_PER_GPU`. Two processes of one thread train two small
            networks faster than one process of two threads trains them in turn, and one process
            leaves most of a GPU idle (docs/experiments/019).
        devices: From `device_names`. Workers are spread over them in turn; without a number, until each
            device has as many as it can run.
        data_bytes: Size of the copy of the data that each worker on a GPU keeps in its memory; used
            only where `workers` is `None`.
    """
    cores = available_cores()
    if workers is None:
        capacity = {name: _capacity(name, cores // len(devices), data_bytes) for name in devices}
        turns = range(max(capacity.values()))
        slot_devices = [name for turn in turns for name in devices if turn < capacity[name]]
    else:
        slot_devices = [devices[i % len(devices)] for i in range(workers)]
    threads = max(1, cores // len(slot_devices))
    return [
        Slot(index=index, device=name, threads=threads, memory_share=1 / slot_devices.count(name))
        for index, name in enumerate(slot_devices)
    ]


def _capacity(device: str, cores: int, data_bytes: int) -> int:
    """Number of workers that a device can run, with so many cores to feed it; at least one."""
    if device == "cpu":
        return max(1, cores)
    import torch

    from avq_core.training.device import SHARED_MEMORY

    memory = SHARED_MEMORY * torch.cuda.get_device_properties(device).total_memory
    return max(1, min(cores, int(memory / (data_bytes + _GPU_BYTES_BESIDE_DATA)), _MAX_PER_GPU))
