"""Prepared splits as tensors that live on the device.

A data set of this kind fits into a GPU's memory many times over, so batches are indexed there: no
worker processes, no copies, no waiting. Shapes: N samples, T frames, D columns, K tasks.
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
from avq_core.model.statistics import pooled_statistics

_STATISTICS_BLOCK = 16
"""Clips whose statistics are computed at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Some samples, as `Network.forward` and the loss take them."""

    streams: dict[str, Tensor]
    """Stream name to (b, T, D) or (b, D) in float32."""
    targets: Tensor
    """(b, K)."""
    lengths: Tensor | None
    """(b,) real frames; `None` where all are."""
    present: dict[str, Tensor]
    """Optional stream to (b,)."""
    statistics: Tensor | None = None
    """(b, S), `pooled_statistics` of the whole clips; `None` where nobody asked for them."""


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

    _kept: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    def statistics(self, schema: Schema) -> Tensor:
        """`pooled_statistics` of every sample, (N, S); computed once, however many runs ask."""
        if "statistics" not in self._kept:
            rows = torch.arange(len(self), device=self.targets.device)
            # Whoever asks first may be in inference mode, whose tensors cannot be trained on.
            with torch.inference_mode(mode=False), torch.no_grad():
                parts = [
                    pooled_statistics(clips.streams, schema, clips.lengths, clips.present)
                    for clips in map(self.batch, torch.split(rows, _STATISTICS_BLOCK))
                ]
                self._kept["statistics"] = torch.cat(parts)
        return self._kept["statistics"]

    def batch(self, index: Tensor, *, schema: Schema | None = None) -> Batch:
        """The samples of an index (b,); with their statistics where the schema is given."""
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
    """What `fit` trains on and judges by. Serves any number of runs one after another."""

    schema: Schema
    train: ResidentSplit
    val: ResidentSplit

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.train.targets.device


def to_device(split: PreparedSplit, device: torch.device) -> ResidentSplit:
    """Moves a split; on a CPU the memory-mapped arrays are used as they are.

    Raises:
        NoRoomError: It does not fit.
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
    except torch.OutOfMemoryError as error:
        size = sum(values.nbytes for values in split.streams.values()) / 1e9
        raise NoRoomError(
            f"a split of {size:.2f} GB does not fit in what is left of the memory of {device}; free "
            "some of it, let fewer workers share it, or take another device"
        ) from error


def splits_to_device(splits: SearchSplits, device: torch.device) -> ResidentSplits:
    """Moves a study's two splits.

    Raises:
        NoRoomError: They do not fit.
    """
    return ResidentSplits(
        schema=splits.schema,
        train=to_device(splits.train, device),
        val=to_device(splits.val, device),
    )
