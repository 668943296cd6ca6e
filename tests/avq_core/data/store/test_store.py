"""The store: written completely or not at all, reused without reading the data, fitted on train."""

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from avq_core.data.preprocessing.splits import SearchSplits
from avq_core.data.store import files as store_files
from avq_core.data.store.store import PreparedStore, open_store, prepare
from avq_core.errors import ConfigError, DataError

CONFIG = DataConfig()
OLD = 1_000_000_000
Raw = dict[str, list[dict[str, Any]]]


def make_file(seed: int = 0) -> Raw:
    """A small file with NaN, groups and missing labels."""
    rng = np.random.default_rng(seed)

    def sample(split: str, index: int) -> dict[str, Any]:
        visual = rng.normal(3, 2, size=(4, 5)).astype(np.float32)
        visual[0, index % 5] = np.nan
        label = float(rng.uniform(-0.8, 1)) if index % 3 else -1.0
        return {
            "features": {"visual": visual, "sync": rng.normal(size=2).astype(np.float32)},
            "labels": {"lip_score": label, "overall_score": float(rng.uniform(-0.8, 1))},
            "group": f"{split}{index // 2}",
        }

    sizes = {"train": 20, "val": 8, "test": 6}
    return {name: [sample(name, i) for i in range(size)] for name, size in sizes.items()}


def save(raw: Raw, path: Path, *, mtime: int = OLD) -> Path:
    """Pickles a file that was last changed long ago."""
    path.write_bytes(pickle.dumps(raw))
    os.utime(path, (mtime, mtime))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small file."""
    return save(make_file(), tmp_path / "data.pkl")


def test_a_store_holds_every_split_as_the_statistics_make_it(data: Path, tmp_path: Path) -> None:
    """It has arrays, targets, groups, schema and notes, also after it is opened again."""
    store = open_store(prepare(str(data), CONFIG, root=tmp_path / "p").path)
    raw = load_dataset(str(data), CONFIG)
    splits = store.search_splits()
    assert (store.schema, store.raw_schema) == (raw.schema, raw.schema)
    for name, split in (
        ("train", splits.train),
        ("val", splits.val),
        ("test", store.test_split()),
    ):
        source = raw.splits[name]
        assert split.groups == tuple(source.groups)
        np.testing.assert_array_equal(split.targets, store.statistics.labels.scale(source.labels))
        for stream, values in split.streams.items():
            expected = store.statistics.apply(stream, np.stack(source.features[stream]))
            np.testing.assert_array_equal(values, expected.astype(np.float16))
            assert np.isfinite(values).all()
            assert (values.dtype, values.flags.writeable) == (np.float16, True)
    assert store.notes == (
        "visual: NaN values filled with train medians: 20 in train, 8 in val, 6 in test",
    )


def test_the_search_cannot_reach_the_test_split(data: Path, tmp_path: Path) -> None:
    """A study gets train and val, and nothing else."""
    splits = prepare(str(data), CONFIG, root=tmp_path / "p").search_splits()
    assert isinstance(splits, SearchSplits)
    assert set(SearchSplits.__dataclass_fields__) == {"schema", "train", "val"}


def test_mapped_arrays_never_change_the_store(data: Path, tmp_path: Path) -> None:
    """They can be changed in memory, but the file stays the same."""
    store = prepare(str(data), CONFIG, root=tmp_path / "p")
    store.search_splits().train.streams["sync"][:] = 99
    assert not (store.search_splits().train.streams["sync"] == 99).any()


@pytest.mark.parametrize("split", ["val", "test"])
def test_nothing_is_fitted_on_val_or_test(tmp_path: Path, split: str) -> None:
    """Other values and labels there change no fitted statistic and no train array."""
    raw = make_file()
    stores = [prepare(str(save(raw, tmp_path / "a.pkl")), CONFIG, root=tmp_path / "p")]
    for sample in raw[split]:
        sample["features"]["visual"] = sample["features"]["visual"] * 100 + 7
        sample["labels"] = dict.fromkeys(sample["labels"], -0.8)
    stores.append(prepare(str(save(raw, tmp_path / "b.pkl")), CONFIG, root=tmp_path / "p"))
    assert stores[0].key != stores[1].key
    one, other = (store.statistics.to_arrays() for store in stores)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])
    trains = [store.search_splits().train for store in stores]
    np.testing.assert_array_equal(trains[0].streams["visual"], trains[1].streams["visual"])


def test_a_warm_start_does_not_read_the_data(data: Path, tmp_path: Path) -> None:
    """With path, size, time and inode unchanged the store is reused, even if the bytes differ."""
    first = prepare(str(data), CONFIG, root=tmp_path / "p")
    with data.open("r+b") as stream:
        stream.write(b"no pickle any more")
    os.utime(data, (OLD, OLD))
    steps: list[str] = []
    second = prepare(str(data), CONFIG, root=tmp_path / "p", on_note=steps.append)
    assert (second.path, steps) == (first.path, [])


def test_changed_data_get_another_store(data: Path, tmp_path: Path) -> None:
    """New content under the same name is noticed, and the old store stays."""
    first = prepare(str(data), CONFIG, root=tmp_path / "p")
    save(make_file(1), data, mtime=OLD + 5)
    second = prepare(str(data), CONFIG, root=tmp_path / "p")
    assert first.fingerprint != second.fingerprint
    assert first.path.is_dir()


def test_the_same_content_in_another_file_reuses_the_store(data: Path, tmp_path: Path) -> None:
    """The key depends on the content of the file, not on its path."""
    first = prepare(str(data), CONFIG, root=tmp_path / "p")
    copy = save(make_file(), tmp_path / "copy.pkl")
    steps: list[str] = []
    second = prepare(str(copy), CONFIG, root=tmp_path / "p", on_note=steps.append)
    assert (first.path, len(steps)) == (second.path, 1)


def test_a_fresh_file_is_not_remembered(data: Path, tmp_path: Path) -> None:
    """A file that has just changed may change again unnoticed, so it is hashed the next time."""
    data.touch()
    prepare(str(data), CONFIG, root=tmp_path / "p")
    assert not (tmp_path / "p" / "index.json").exists()


@pytest.mark.parametrize(
    "config", [DataConfig(pca={"visual": 2}), DataConfig(label_min=-0.9), DataConfig(label_max=2)]
)
def test_other_settings_get_another_store(data: Path, tmp_path: Path, config: DataConfig) -> None:
    """The settings are part of the key; a reduced stream is narrower in the store's schema."""
    plain = prepare(str(data), CONFIG, root=tmp_path / "p")
    other = prepare(str(data), config, root=tmp_path / "p")
    assert plain.key != other.key
    width = config.pca.get("visual", 5)
    assert other.schema.streams[0].dim == width
    assert other.search_splits().val.streams["visual"].shape == (8, 4, width)
    assert other.raw_schema == plain.schema


def _truncate(store: PreparedStore) -> None:
    os.truncate(store.path / "train.visual.npy", 100)


def _no_meta(store: PreparedStore) -> None:
    (store.path / "meta.json").unlink()


def _half_meta(store: PreparedStore) -> None:
    (store.path / "meta.json").write_text('{"version": 1, "files"')


def _file_gone(store: PreparedStore) -> None:
    meta = json.loads((store.path / "meta.json").read_text())
    (store.path / "meta.json").write_text(json.dumps({**meta, "files": {"gone.npy": 1}}))


def _other_version(store: PreparedStore) -> None:
    meta = json.loads((store.path / "meta.json").read_text())
    (store.path / "meta.json").write_text(json.dumps({**meta, "version": 1}))


@pytest.mark.parametrize("damage", [_truncate, _no_meta, _half_meta, _file_gone, _other_version])
def test_an_incomplete_store_is_never_used(
    data: Path, tmp_path: Path, damage: Callable[[PreparedStore], None]
) -> None:
    """It cannot be opened, and is written again when the data is prepared."""
    store = prepare(str(data), CONFIG, root=tmp_path / "p")
    expected = np.array(store.search_splits().train.streams["visual"])
    damage(store)
    with pytest.raises(DataError, match=r"holds no complete prepared store; run python -m"):
        open_store(store.path)
    again = prepare(str(data), CONFIG, root=tmp_path / "p")
    np.testing.assert_array_equal(again.search_splits().train.streams["visual"], expected)
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [store.key, "index.json"]


def test_folders_of_dead_writers_are_removed_and_others_kept(data: Path, tmp_path: Path) -> None:
    """The folder of a process that still writes stays."""
    root = tmp_path / "p"
    script = (
        "import sys, os; from pathlib import Path; from avq_core.data.store import files as store_files\n"
        "root = Path(sys.argv[1]); store_files.check_writable(root)\n"
        "with store_files.writing(root, 'dead') as folder:\n"
        "    (folder / 'train.visual.npy').touch(); os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(root)], check=False)
    (left,) = (path for path in root.iterdir() if path.is_dir())
    store_files.check_writable(root)
    with store_files.writing(root, "alive") as alive:
        assert not left.exists()
        store = prepare(str(data), CONFIG, root=root)
        assert alive.is_dir()
        store_files.write_meta(alive, {})
    names = sorted(path.name for path in root.iterdir())
    assert names == sorted([store.key, "alive", "index.json"])


def test_threads_that_prepare_at_once_all_get_the_store(data: Path, tmp_path: Path) -> None:
    """Four at the same time give one store and leave no other files."""
    gate = threading.Barrier(4)

    def run(_: int) -> PreparedStore:
        gate.wait()
        return prepare(str(data), CONFIG, root=tmp_path / "p")

    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(run, range(4)))
    assert len({store.path for store in stores}) == 1
    assert len(stores[0].search_splits().train) == 20
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [stores[0].key, "index.json"]


def test_processes_that_prepare_at_once_all_succeed(data: Path, tmp_path: Path) -> None:
    """Three at the same time exit with 0, and the store is complete."""
    command = [sys.executable, "-m", "avq_core.prepare", str(data), "--runs", str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    prepared = tmp_path / "prepared"
    (store,) = (path for path in prepared.iterdir() if path.is_dir())
    assert len(open_store(store).test_split()) == 6


def test_a_root_that_cannot_be_written_is_an_early_error(data: Path, tmp_path: Path) -> None:
    """The message says what to do, and no work is done before."""
    (tmp_path / "file").touch()
    with pytest.raises(
        DataError, match=r"cannot write the prepared data to .*/file/p: .*; name a folder"
    ):
        prepare(str(data), CONFIG, root=tmp_path / "file" / "p", on_note=pytest.fail)


def test_a_read_only_root_is_an_error(data: Path, read_only_folder: Path) -> None:
    """The message says so and what to do."""
    with pytest.raises(DataError, match=r"(denied|not permitted); name a folder"):
        prepare(str(data), CONFIG, root=read_only_folder)


def test_mistakes_leave_nothing_behind(data: Path, tmp_path: Path) -> None:
    """A missing file, a file that is no pickle, impossible PCA: no partial store is left."""
    root = tmp_path / "p"
    with pytest.raises(DataError, match="no such file"):
        prepare(str(tmp_path / "nix.pkl"), CONFIG, root=root)
    with pytest.raises(ConfigError, match=r"data\.pca\.visual is 9, expected at most"):
        prepare(str(data), DataConfig(pca={"visual": 9}), root=root)
    data.write_bytes(b"no pickle")
    with pytest.raises(DataError, match="is not a whole pickle"):
        prepare(str(data), CONFIG, root=root)
    assert [path.name for path in root.iterdir()] in ([], ["index.json"])


def test_the_demo_set_is_not_made_twice(tmp_path: Path) -> None:
    """Its fingerprint does not need the set, and the attainable R² is in the store."""
    steps: list[str] = []
    first = prepare("demo", CONFIG, root=tmp_path / "p")
    second = prepare("demo", CONFIG, root=tmp_path / "p", on_note=steps.append)
    assert (first.path, steps) == (second.path, [])
    assert 0 < second.attainable_r2["test"]["overall"] < 1
