"""Scores a split with a network.

Shapes: N samples, b of a micro-batch, K tasks.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avq_core.memory import is_out_of_memory
from avq_core.model.network import Network
from avq_core.training.resident import Batch, ResidentSplit

_GPU_EVALUATION_BATCH = 256
_CPU_ACTIVATION_BYTES = 12 * 2**20
"""On a CPU, larger tensors do not stay in the caches and are allocated anew each time. Measured: the
manual's network trains 1.9 times faster with 8 clips of 150 frames at once than with 32
(docs/experiments/001)."""


def predict(
    network: Network, split: ResidentSplit, *, precision: torch.dtype
) -> npt.NDArray[np.float32]:
    """Scores every sample of a split.

    Returns:
        (N, K) in the scaled units of the targets; not finite where the network diverged.
    """
    network.eval()
    batch = clips_at_once(network, split.targets.device, max_clips=_GPU_EVALUATION_BATCH)
    while True:
        try:
            return _predict_in(batch, network, split, precision)
        except (MemoryError, RuntimeError) as error:
            if batch == 1 or not is_out_of_memory(error):
                raise
        batch //= 2


def _predict_in(
    batch: int, network: Network, split: ResidentSplit, precision: torch.dtype
) -> npt.NDArray[np.float32]:
    device = split.targets.device
    schema = network.schema if network.reads_statistics else None
    with torch.inference_mode(), autocast(device, precision):
        parts = [
            scores_of(network, split.batch(index, schema=schema)).float()
            for index in torch.split(torch.arange(len(split), device=device), batch)
        ]
    return torch.cat(parts).cpu().numpy()


def scores_of(network: Network, clips: Batch) -> Tensor:
    """Scores (b, K) of a batch."""
    scores: Tensor = network(clips.streams, clips.lengths, clips.present, clips.statistics)
    return scores


def clips_at_once(network: Network, device: torch.device, *, max_clips: int) -> int:
    """Clips to put through the network at once: `max_clips` on a GPU, on a CPU as many as are fast."""
    if device.type != "cpu":
        return max_clips
    return max(1, min(max_clips, _CPU_ACTIVATION_BYTES // (4 * network.largest_activation)))


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """A context in which matrix products are in bf16 if that is the precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == torch.bfloat16)
