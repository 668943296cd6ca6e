"""The manual's processed pickle: the layout that the manual's code expects."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from commands import write_tiny

from avq_core.config.data import DataConfig
from avq_core.data.store.legacy_pickle import write_legacy_pickle
from avq_core.data.store.store import prepare
from avq_core.errors import ConfigError


@pytest.mark.parametrize("storage", ["float32", "float16"])
def test_a_plain_pickle_load_reads_the_prepared_data(tmp_path: Path, storage: str) -> None:
    """Float32 features, labels in [0, 1] with 0 where missing, boolean masks, all three splits."""
    config = DataConfig(storage=storage)
    store = prepare(str(write_tiny(tmp_path)), config, root=tmp_path / "p")
    out = tmp_path / "deep" / "processed.pkl"
    write_legacy_pickle(store, out)
    data = pickle.loads(out.read_bytes())
    search = store.search_splits()
    for name, split in (("train", search.train), ("val", search.val), ("test", store.test_split())):
        assert set(data[name]) == {"features", "labels", "valid_masks"}
        for stream, values in split.streams.items():
            assert data[name]["features"][stream].dtype == np.float32
            np.testing.assert_array_equal(data[name]["features"][stream], values)
        for k, task in enumerate(store.schema.tasks):
            mask, labels = data[name]["valid_masks"][task], data[name]["labels"][task]
            np.testing.assert_array_equal(mask, np.isfinite(split.targets[:, k]))
            np.testing.assert_array_equal(labels[mask], split.targets[mask, k])
            assert (labels[~mask] == 0).all()
            assert np.isfinite((labels * mask).sum())


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """The error says so, and no file is left over."""
    store = prepare(str(write_tiny(tmp_path)), DataConfig(), root=tmp_path / "p")
    with pytest.raises(ConfigError, match="is a folder, expected the name of a file"):
        write_legacy_pickle(store, tmp_path)
