"""Prepared splits as tensors that stay on the device.

A data set of this size fits into a GPU's memory many times over, so batches are taken by index there:
no loader processes, no copies from the host.

Shapes: N samples, b of a batch, T frames, D columns of a stream, S statistics of a clip
(`avq_core.model.statistics`), K tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.schema import Schema
from avq_core.errors import NoRoomError
from avq_core.memory import is_out_of_memory
from avq_core.model.statistics import pooled_statistics

_STATISTICS_BLOCK = 16
"""Clips whose statistics are computed in one go."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A batch of samples, as `Network.forward` and the loss take it."""

    streams: dict[str, Tensor]
    """Stream name to (b, T, D) or (b, D) in float32."""
    targets: Tensor
    """(b, K) in scaled units, NaN where missing."""
    lengths: Tensor | None
    """(b,) real frames of each clip; `None` where all are."""
    present: dict[str, Tensor]
    """Optional stream to (b,), False where a clip lacks it."""
    statistics: Tensor | None = None
    """(b, S), `pooled_statistics` of the whole clips; `None` where the network does not read them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidentSplit:
    """One split on one device."""

    streams: Mapping[str, Tensor]
    """Stream name to (N, T, D), or (N, D) where clip-level; float16 or float32."""
    targets: Tensor
    """(N, K) float32, NaN where missing."""
    lengths: Tensor | None = None
    """(N,) real frames of each sample; `None` where all are."""
    present: Mapping[str, Tensor] = field(default_factory=dict)
    """Optional stream to (N,), False where a sample lacks it."""

    _cache: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def statistics(self, schema: Schema) -> Tensor:
        """`pooled_statistics` of every sample, (N, S); computed once and shared by all runs."""
        if "statistics" not in self._cache:
            rows = torch.arange(len(self), device=self.targets.device)
            # The first caller may be in inference mode, and training cannot use its tensors.
            with torch.inference_mode(mode=False), torch.no_grad():
                parts = [
                    pooled_statistics(clips.streams, schema, clips.lengths, clips.present)
                    for clips in map(self.batch, torch.split(rows, _STATISTICS_BLOCK))
                ]
                self._cache["statistics"] = torch.cat(parts)
        return self._cache["statistics"]

    def batch(self, index: Tensor, *, schema: Schema | None = None) -> Batch:
        """The samples at an index (b,), with their statistics if the schema is given."""
        return Batch(
            streams={
                name: values.index_select(0, index).float() for name, values in self.streams.items()
            },
            targets=self.targets.index_select(0, index),
            lengths=None if self.lengths is None else self.lengths.index_select(0, index),
            present={name: v.index_select(0, index) for name, v in self.present.items()},
            statistics=None if schema is None else self.statistics(schema).index_select(0, index),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ResidentSplits:
    """Train and val as `fit` takes them; any number of runs can share them, one after another."""

    schema: Schema
    train: ResidentSplit
    val: ResidentSplit

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return self.train.targets.device


def to_device(split: PreparedSplit, device: torch.device) -> ResidentSplit:
    """Copies a split to a device; on a CPU the memory-mapped arrays are used without a copy.

    Raises:
        NoRoomError: The split does not fit in the device's memory.
    """

    def moved(values: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(device)

    try:
        return ResidentSplit(
            streams={name: moved(values) for name, values in split.streams.items()},
            targets=moved(split.targets),
            lengths=None if split.lengths is None else moved(split.lengths),
            present={name: moved(values) for name, values in split.present.items()},
        )
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        size = sum(values.nbytes for values in split.streams.values()) / 1e9
        raise NoRoomError(
            f"a split of {size:.2f} GB does not fit in the free memory of {device}; free some of it, "
            "let fewer workers share it, or use another device"
        ) from error


def splits_to_device(splits: SearchSplits, device: torch.device) -> ResidentSplits:
    """Copies train and val to a device.

    Raises:
        NoRoomError: They do not fit in the device's memory.
    """
    return ResidentSplits(
        schema=splits.schema,
        train=to_device(splits.train, device),
        val=to_device(splits.val, device),
    )
