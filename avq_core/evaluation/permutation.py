"""Permutation importance by stream (Breiman, 2001): the R² lost when a stream is shuffled.

One stream is permuted among the clips of a split, each clip's part as a whole: it stays valid data of
that stream, but no longer belongs to the clip's label. The network is not trained again.

Shapes: N clips, T frames, K tasks, M models, R repeats.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avq_core.data.preprocessing.splits import PreparedSplit
from avq_core.evaluation.evaluate import differences
from avq_core.evaluation.intervals import Interval
from avq_core.training.metrics import num_labels, r2_by_task
from avq_core.training.resident import ResidentSplit

FloatArray = npt.NDArray[np.float32]
Scorer = Callable[[ResidentSplit], FloatArray]
"""From a split to scores (N, K), in the scaled units of the targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class R2Loss:
    """The R² that is lost by shuffling one stream, or all."""

    num_clips: int
    """Clips that have the stream."""
    r2: dict[str, Interval]
    """Task to the R² lost: the mean over the repeats, with a 95 % interval over groups of clips and
    repeats; NaN where it is not defined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """How much of a model's R² depends on each stream."""

    r2: dict[str, float]
    """Task to R² on the unshuffled split; NaN where it is not defined."""
    num_labels: dict[str, int]
    """Task to the number of valid labels."""
    streams: dict[str, R2Loss]
    """By stream, sorted by the mean loss over the tasks, largest first."""
    all_streams: R2Loss
    """All streams shuffled together: about the largest loss possible."""


def stream_importance(
    score: Scorer,
    split: ResidentSplit,
    prepared: PreparedSplit,
    tasks: Sequence[str],
    *,
    repeats: int,
    seed: int,
    on_step: Callable[[str], None],
) -> Importance:
    """Measures the R² that is lost by shuffling each stream in turn.

    Args:
        score: The model.
        split: N clips on the device.
        prepared: The same clips, with targets and groups.
        tasks: Names of the K columns.
        repeats: How often each stream is shuffled, at least 1.
        seed: Seed of the permutations; a repeat uses the same one for every stream.
        on_step: Called with the name of each stream before it is shuffled.
    """
    rng = np.random.default_rng(seed)
    orders = [torch.from_numpy(rng.permutation(len(split))) for _ in range(repeats)]
    base = score(split)

    def lost(shuffled: Sequence[FloatArray]) -> dict[str, Interval]:
        paired = differences([base] * repeats, shuffled, prepared, tasks)
        return {task: difference.interval for task, difference in paired.items()}

    losses: dict[str, R2Loss] = {}
    for stream in split.streams:
        on_step(stream)
        present = split.present.get(stream)
        num_clips = len(split) if present is None else int(present.sum())
        if num_clips == 0:
            undefined = Interval(value=math.nan, low=math.nan, high=math.nan)
            losses[stream] = R2Loss(num_clips=0, r2=dict.fromkeys(tasks, undefined))
            continue
        shuffled = [score(shuffle_stream(split, stream, order)) for order in orders]
        losses[stream] = R2Loss(num_clips=num_clips, r2=lost(shuffled))
    # Shuffling all streams together permutes whole clips, and so their scores.
    permuted = [base[order.numpy()] for order in orders]
    targets = prepared.targets
    return Importance(
        r2=r2_by_task(base, targets, tasks),
        num_labels=num_labels(targets, tasks),
        streams=dict(sorted(losses.items(), key=lambda item: -_mean(item[1].r2))),
        all_streams=R2Loss(num_clips=len(split), r2=lost(permuted)),
    )


def _mean(r2: Mapping[str, Interval]) -> float:
    """Mean over the tasks whose loss is defined; 0 without any."""
    defined = [entry.value for entry in r2.values() if math.isfinite(entry.value)]
    return float(np.mean(defined)) if defined else 0.0


def shuffle_stream(split: ResidentSplit, stream: str, order: Tensor) -> ResidentSplit:
    """The split with one stream permuted: clip `n` gets the stream of clip `order[n]`.

    Presence moves with the stream: a clip gets no stream where the other clip has none. A clip keeps
    its own length, so a shorter stream is repeated from its start and a longer one is cut.

    Args:
        split: N clips.
        stream: The stream's name.
        order: (N,), a permutation of the clips.
    """
    order = order.to(split.targets.device)
    values = split.streams[stream].index_select(0, order)
    if split.lengths is not None and values.dim() == 3:
        values = _fitted(values, split.lengths.index_select(0, order), split.lengths)
    present = dict(split.present)
    if stream in present:
        present[stream] = present[stream].index_select(0, order)
    # `replace` also starts an empty cache of statistics, as it must: the clips have changed.
    return dataclasses.replace(split, streams={**split.streams, stream: values}, present=present)


def _fitted(values: Tensor, from_lengths: Tensor, to_lengths: Tensor) -> Tensor:
    """Repeats or cuts the real frames of (N, T, D) from lengths (N,) to other lengths (N,)."""
    frames = torch.arange(values.shape[1], device=values.device)
    source = frames % from_lengths[:, None]
    repeated = values.gather(1, source[:, :, None].expand(-1, -1, values.shape[2]))
    inside = frames < to_lengths[:, None]
    return repeated.masked_fill(~inside[:, :, None], 0)
