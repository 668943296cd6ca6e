"""Folds of prepared data: each is standardised anew on its own train part.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import dataclasses
from collections.abc import Collection

import numpy as np

from avq_core.data.columns import FloatArray
from avq_core.data.prepared import PreparedSplit
from avq_core.data.transforms import StreamStatistics, fit_labels, fit_stream


def restandardise(
    train: PreparedSplit, val: PreparedSplit, *, reduced: Collection[str] = ()
) -> tuple[PreparedSplit, PreparedSplit]:
    """Fits columns and label ranges on a fold's train part and applies them to both parts.

    Args:
        train: The fold's train part.
        val: The fold's validation part; nothing is fitted on it.
        reduced: Streams that hold principal components (the keys of `data.pca`). Their columns are
            divided by one common deviation, as in the store, so that their order of size survives.

    Returns:
        Both parts as new arrays; groups are kept.
    """
    label_min, label_range = fit_labels(train.targets)
    fitted = {name: fit_stream(list(values), width=None) for name, values in train.streams.items()}
    for name in reduced:
        fitted[name] = _with_common_scale(fitted[name])

    def applied(split: PreparedSplit) -> PreparedSplit:
        return PreparedSplit(
            streams={name: _apply(fitted[name], split.streams[name]) for name in fitted},
            targets=((split.targets - label_min) / label_range).astype(np.float32),
            groups=split.groups,
        )

    return applied(train), applied(val)


def _apply(statistics: StreamStatistics, values: FloatArray) -> FloatArray:
    # Sample by sample: the float64 of a whole stream would be twice its size once more.
    result = np.empty(values.shape, np.float32)
    for index, sample in enumerate(values):
        result[index] = statistics.apply(sample)
    return result


def _with_common_scale(statistics: StreamStatistics) -> StreamStatistics:
    columns = statistics.columns
    varying = columns.scale[~columns.constant]
    common = float(np.sqrt(np.mean(varying**2))) if varying.size else 1.0
    scale = np.full_like(columns.scale, common)
    return StreamStatistics(columns=dataclasses.replace(columns, scale=scale))
