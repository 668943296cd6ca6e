"""Prepared splits as tensors that live on the device.

A data set of this kind fits into a GPU's memory many times over, so batches are indexed there: no
worker processes, no copies, no waiting. Shapes: N samples, T frames, D columns, K tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from avq_core.data.prepared import PreparedSplit, SearchSplits
from avq_core.data.schema import Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidentSplit:
    """One split on one device."""

    streams: Mapping[str, Tensor]
    """Stream name to (N, T, D), or (N, D) where clip-level."""
    targets: Tensor
    """(N, K) float32, NaN where missing."""

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, index: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The samples of an index (b,): streams by name, and targets (b, K)."""
        streams = {name: values.index_select(0, index) for name, values in self.streams.items()}
        return streams, self.targets.index_select(0, index)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidentSplits:
    """What `fit` trains on and judges by. Serves any number of runs one after another."""

    schema: Schema
    train: ResidentSplit
    val: ResidentSplit

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.train.targets.device


def to_device(split: PreparedSplit, device: torch.device) -> ResidentSplit:
    """Moves a split; on a CPU the memory-mapped arrays are used as they are."""
    return ResidentSplit(
        streams={name: torch.from_numpy(v).to(device) for name, v in split.streams.items()},
        targets=torch.from_numpy(split.targets).to(device),
    )


def splits_to_device(splits: SearchSplits, device: torch.device) -> ResidentSplits:
    """Moves a study's two splits."""
    return ResidentSplits(
        schema=splits.schema,
        train=to_device(splits.train, device),
        val=to_device(splits.val, device),
    )
