"""Writes the manual's processed pickle, for code that still reads it.

Shapes: N samples, T frames, D columns of a stream.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from avq_core.data.preprocessing.splits import HalfOrFloatArray, PreparedSplit
from avq_core.data.store.store import PreparedStore
from avq_core.files import whole_binary_file


class _AsFloat32:
    """Pickles as a float32 copy of an array, which exists only while it is written."""

    def __init__(self, values: HalfOrFloatArray) -> None:
        self.values = values

    def __reduce_ex__(self, protocol: Any) -> Any:
        return np.array(self.values, np.float32).__reduce_ex__(protocol)


def write_legacy_pickle(store: PreparedStore, path: Path) -> None:
    """Writes `{split: {"features", "labels", "valid_masks"}}`, completely or not at all.

    `features` maps streams to float32 (N, T, D) or (N, D), as prepared; `labels` maps tasks to float32
    (N,) in [0, 1] by the train split's range; `valid_masks` maps tasks to bool (N,), True where valid.
    A missing label is 0 and not NaN, because the manual multiplies by the mask. If clips differ in
    length, `lengths` (N,) gives their real frames.

    Args:
        store: A store of a whole data set.
        path: The file.

    Raises:
        ConfigError: `path` is a folder, or cannot be written.
    """
    search = store.search_splits()
    splits = {"train": search.train, "val": search.val}
    if store.has_test:
        splits["test"] = store.test_split()
    with whole_binary_file(path) as file:
        pickler = pickle.Pickler(file, protocol=5)
        # Without a memo the pickler keeps nothing, so that one stream at a time is in memory.
        pickler.fast = True
        pickler.dump({name: _layout(split, store) for name, split in splits.items()})


def _layout(split: PreparedSplit, store: PreparedStore) -> dict[str, object]:
    valid = np.isfinite(split.targets)
    labels = np.where(valid, split.targets, np.float32(0))
    tasks = store.schema.tasks
    layout: dict[str, object] = {
        "features": {name: _AsFloat32(values) for name, values in split.streams.items()},
        "labels": {task: labels[:, k].copy() for k, task in enumerate(tasks)},
        "valid_masks": {task: valid[:, k].copy() for k, task in enumerate(tasks)},
    }
    return layout if split.lengths is None else {**layout, "lengths": split.lengths}
