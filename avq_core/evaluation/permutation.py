"""Permutation importance by stream (Breiman, 2001): the R² that is lost without what a stream says.

A stream's clips are dealt out anew among the clips of a split, whole, so that each stays a sound clip
of that stream and only says nothing of the clip that it now belongs to. The network is not trained
again.

Shapes: N clips, T frames, K tasks, M models, R repeats.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avq_core.data.preprocessing.splits import PreparedSplit
from avq_core.evaluation.evaluate import IntervalDict, differences
from avq_core.training.metrics import num_labels, r2_by_task
from avq_core.training.resident import ResidentSplit

FloatArray = npt.NDArray[np.float32]
Scorer = Callable[[ResidentSplit], FloatArray]
"""From a split to (N, K) in the targets' scaled units."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """What shuffling costs."""

    num_clips: int
    """Clips that have the stream."""
    r2: dict[str, IntervalDict]
    """Task to the R² lost: the mean over the repeats, with a 95 % interval over groups of clips and
    repeats; `None` where it is not defined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """What a model reads its scores from."""

    r2: dict[str, float | None]
    """Task to the R² of the split as it is."""
    num_labels: dict[str, int]
    streams: dict[str, Loss]
    """By stream, the one that costs most in the mean of the tasks first."""
    all_streams: Loss
    """All streams of a clip dealt out together: about all that there is to lose."""


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
    """Shuffles one stream after another.

    Args:
        score: The model.
        split: N clips on the device.
        prepared: The same, with targets and groups.
        tasks: Names of the K columns.
        repeats: Times that each stream is shuffled, at least 1.
        seed: Of the shuffling; a repeat deals all streams out alike.
        on_step: Told the stream that is next.
    """
    rng = np.random.default_rng(seed)
    orders = [torch.from_numpy(rng.permutation(len(split))) for _ in range(repeats)]
    base = score(split)
    found: dict[str, Loss] = {}
    for stream in split.streams:
        on_step(stream)
        present = split.present.get(stream)
        num_clips = len(split) if present is None else int(present.sum())
        if num_clips == 0:
            nothing: IntervalDict = {"value": None, "low": None, "high": None}
            found[stream] = Loss(num_clips=0, r2=dict.fromkeys(tasks, nothing))
            continue
        shuffled = [score(shuffle_stream(split, stream, order)) for order in orders]
        lost = differences([base] * repeats, shuffled, prepared, tasks)
        found[stream] = Loss(num_clips=num_clips, r2=lost)
    # Whole clips: their scores go with them.
    dealt = [base[order.numpy()] for order in orders]
    together = Loss(num_clips=len(split), r2=differences([base] * repeats, dealt, prepared, tasks))
    targets = prepared.targets
    return Importance(
        r2={t: v if np.isfinite(v) else None for t, v in r2_by_task(base, targets, tasks).items()},
        num_labels=num_labels(targets, tasks),
        streams=dict(sorted(found.items(), key=lambda item: -_mean(item[1].r2))),
        all_streams=together,
    )


def _mean(r2: Mapping[str, IntervalDict]) -> float:
    known = [entry["value"] for entry in r2.values() if entry["value"] is not None]
    return float(np.mean(known)) if known else 0.0


def shuffle_stream(split: ResidentSplit, stream: str, order: Tensor) -> ResidentSplit:
    """The split with one stream dealt out anew: clip `n` has that of clip `order[n]`.

    Whether a clip has the stream at all goes with it. Where the other clip is shorter, its frames are
    repeated from the start; where it is longer, they are cut: a clip's length is its own.

    Args:
        split: N clips.
        stream: The stream's name.
        order: (N,), each clip once.
    """
    order = order.to(split.targets.device)
    values = split.streams[stream].index_select(0, order)
    if split.lengths is not None and values.dim() == 3:
        values = _fitted(values, split.lengths.index_select(0, order), split.lengths)
    present = dict(split.present)
    if stream in present:
        present[stream] = present[stream].index_select(0, order)
    # `replace` makes a new cache of statistics, too: they are of the clips as they are now.
    return dataclasses.replace(split, streams={**split.streams, stream: values}, present=present)


def _fitted(values: Tensor, theirs: Tensor, own: Tensor) -> Tensor:
    """(N, T, D) of clips that are `theirs` (N,) frames long, repeated or cut to `own` (N,)."""
    frames = torch.arange(values.shape[1], device=values.device)
    source = frames % theirs[:, None]
    repeated = values.gather(1, source[:, :, None].expand(-1, -1, values.shape[2]))
    inside = frames < own[:, None]
    return repeated.masked_fill(~inside[:, :, None], 0)
