"""Folds: no group is on both sides, and all preprocessing is fitted on the fold's train side."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from avq_core.data.preprocessing.statistics import fit
from avq_core.data.store.folds import count_folds, make_folds, prepare_folds
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.errors import DataError

CONFIG = DataConfig(pca={"visual": 2}, storage="float32")


def make_file(seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Correlated columns, some NaN, labels in three ranges."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(5, 5))

    def sample(split: str, index: int) -> dict[str, Any]:
        visual = (rng.normal(size=(4, 5)) @ mix + index).astype(np.float32)
        visual[0, index % 5] = np.nan
        return {
            "features": {"visual": visual, "sync": rng.normal(size=2).astype(np.float32)},
            "labels": {"overall_score": float(rng.uniform(-0.8, 1))},
            "group": f"{split}{index // 2}",
        }

    sizes = {"train": 20, "val": 8, "test": 6}
    return {name: [sample(name, i) for i in range(size)] for name, size in sizes.items()}


def prepared(path: Path, root: Path) -> tuple[PreparedStore, list[PreparedStore]]:
    """The study's store and its three folds."""
    store = prepare(str(path), CONFIG, root=root / "prepared")
    return store, prepare_folds(
        str(path),
        CONFIG,
        of=store,
        root=root / "folds",
        num_folds=3,
        seed=0,
        on_note=lambda _: None,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(make_file()))
    return path


def test_folds_share_no_group_and_cover_every_clip_once() -> None:
    """A network must not be validated on speakers that it was trained on."""
    groups = tuple(f"g{i // 3}" for i in range(30))
    folds = make_folds(groups, 3, seed=0)
    assert sorted(np.concatenate([fold.val for fold in folds])) == list(range(30))
    for fold in folds:
        assert not {groups[i] for i in fold.train} & {groups[i] for i in fold.val}


def test_few_groups_give_few_folds_and_a_single_group_is_split_by_clip() -> None:
    """Two speakers give two folds; a single speaker gives all three."""
    assert count_folds(("a", "a", "b"), 3) == len(make_folds(("a", "a", "b"), 3, 0)) == 2
    assert count_folds(("a",) * 9, 3) == len(make_folds(("a",) * 9, 3, 0)) == 3


def test_every_transform_is_refitted_on_the_folds_train_side(data: Path, tmp_path: Path) -> None:
    """Medians, deviations, components and label range are as if the fold were the whole file."""
    store, folds = prepared(data, tmp_path)
    raw = load_dataset(str(data), CONFIG)
    samples = raw.splits["train"].features["visual"] + raw.splits["val"].features["visual"]
    labels = np.concatenate([raw.splits["train"].labels, raw.splits["val"].labels])
    train = store.search_splits()
    cuts = make_folds(train.train.groups + train.val.groups, 3, seed=0)
    for fold, cut in zip(folds, cuts, strict=True):
        raw.splits["train"].features = {
            "visual": [samples[i] for i in cut.train],
            "sync": raw.splits["test"].features["sync"],
        }
        raw.splits["train"].labels = labels[cut.train]
        expected = fit(raw.splits["train"], raw.schema, CONFIG)
        got = fold.statistics.to_arrays()
        for name, array in expected.to_arrays().items():
            if "sync" not in name:
                np.testing.assert_array_equal(got[name], array)
        splits = fold.search_splits()
        applied = [expected.apply("visual", samples[i]) for i in cut.val]  # type: ignore[arg-type]
        np.testing.assert_array_equal(splits.val.streams["visual"], np.stack(applied))
        assert np.nanmin(splits.train.targets) == 0
        assert np.nanmax(splits.train.targets) == 1


def test_a_folds_val_side_changes_nothing_of_its_train_side(data: Path, tmp_path: Path) -> None:
    """Other values on the val side, on another scale, change no statistic and no train array."""
    store, folds = prepared(data, tmp_path)
    groups = set(folds[0].search_splits().val.groups)
    raw = make_file()
    for sample in raw["train"] + raw["val"]:
        if sample["group"] in groups:
            sample["features"]["visual"] = sample["features"]["visual"] * 50 - 9
            sample["labels"]["overall_score"] = 0.9
    other = tmp_path / "other.pkl"
    other.write_bytes(pickle.dumps(raw))
    changed = prepared(other, tmp_path / "other")[1][0]
    assert changed.fingerprint != store.fingerprint
    one, two = folds[0].statistics.to_arrays(), changed.statistics.to_arrays()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])
    for stream, values in folds[0].search_splits().train.streams.items():
        np.testing.assert_array_equal(values, changed.search_splits().train.streams[stream])


def test_folds_are_reused_without_reading_the_data(data: Path, tmp_path: Path) -> None:
    """A confirmation that was interrupted resumes at once."""
    store, folds = prepared(data, tmp_path)
    data.unlink()
    again = prepare_folds(
        str(data), CONFIG, of=store, root=tmp_path / "folds", num_folds=3, seed=0,
        on_note=pytest.fail,
    )  # fmt: skip
    assert [fold.path for fold in again] == [fold.path for fold in folds]


def test_folds_hold_no_test_split(data: Path, tmp_path: Path) -> None:
    """A confirmation cannot use it by mistake."""
    _, folds = prepared(data, tmp_path)
    assert not list(folds[0].path.glob("*test*"))
    with pytest.raises(DataError, match="the data has no test split"):
        folds[0].test_split()


def test_data_that_changed_since_the_study_began_is_refused(data: Path, tmp_path: Path) -> None:
    """A study cannot be confirmed on other clips."""
    store = prepare(str(data), CONFIG, root=tmp_path / "prepared")
    data.write_bytes(pickle.dumps(make_file(1)))
    with pytest.raises(DataError, match="is not the data that this study was made of; put that"):
        prepare_folds(
            str(data), CONFIG, of=store, root=tmp_path / "folds", num_folds=3, seed=0,
            on_note=lambda _: None,
        )  # fmt: skip
