"""The manual's processed pickle, for code that still reads it.

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
    """Pickles as a float32 copy of an array, which is made as it is written and then let go."""

    def __init__(self, values: HalfOrFloatArray) -> None:
        self.values = values

    def __reduce_ex__(self, protocol: Any) -> Any:
        return np.array(self.values, np.float32).__reduce_ex__(protocol)


def write_legacy_pickle(store: PreparedStore, path: Path) -> None:
    """Writes `{split: {"features", "labels", "valid_masks"}}`, whole or not at all.

    Features are stream to float32 (N, T, D) or (N, D), as prepared; labels task to float32 (N,) in
    [0, 1] by the train split's range, 0 where missing; masks task to bool (N,), True where valid.
    A missing label is 0 and not NaN because the manual multiplies by the mask. Where clips differ
    in length, `lengths` (N,) says how many frames are real.

    Args:
        store: With all three splits.
        path: The file.

    Raises:
        ConfigError: It is a folder, or cannot be written.
    """
    search = store.search_splits()
    splits = {"train": search.train, "val": search.val, "test": store.test_split()}
    with whole_binary_file(path) as file:
        pickler = pickle.Pickler(file, protocol=5)
        # Without a memo nothing that was written is kept: one stream is in memory at a time.
        pickler.fast = True
        pickler.dump({name: _layout(split, store) for name, split in splits.items()})


def _layout(split: PreparedSplit, store: PreparedStore) -> dict[str, Any]:
    valid = np.isfinite(split.targets)
    labels = np.where(valid, split.targets, np.float32(0))
    tasks = store.schema.tasks
    layout: dict[str, Any] = {
        "features": {name: _AsFloat32(values) for name, values in split.streams.items()},
        "labels": {task: labels[:, k].copy() for k, task in enumerate(tasks)},
        "valid_masks": {task: valid[:, k].copy() for k, task in enumerate(tasks)},
    }
    return layout if split.lengths is None else {**layout, "lengths": split.lengths}
