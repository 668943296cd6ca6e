"""Folds: no group is on both sides, and all preprocessing is fitted on the fold's train side."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from avq_core.data.preprocessing.statistics import fit
from avq_core.data.store.balanced_folds import Fold
from avq_core.data.store.folds import cut_folds, prepare_folds
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
        folds=cut(store),
        on_note=lambda _: None,
    )


def cut(store: PreparedStore, seed: int = 0) -> list[Fold]:
    return cut_folds(store, num_folds=3, seed=seed, watched=store.schema.tasks)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(make_file()))
    return path


def test_folds_are_cut_from_train_and_val_together(data: Path, tmp_path: Path) -> None:
    """In that order, groups whole, with labels of the watched task on every side."""
    store, folds = prepared(data, tmp_path)
    splits = store.search_splits()
    groups = splits.train.groups + splits.val.groups
    for fold, indices in zip(folds, cut(store), strict=True):
        sides = fold.search_splits()
        assert sides.train.groups == tuple(groups[i] for i in indices.train)
        assert sides.val.groups == tuple(groups[i] for i in indices.val)
        assert not set(sides.train.groups) & set(sides.val.groups)
        assert np.isfinite(sides.val.targets).sum() >= 2


def test_another_cut_has_other_stores(data: Path, tmp_path: Path) -> None:
    """A fold's store is named by its clips, so one of another cut is never taken for it."""
    store, folds = prepared(data, tmp_path)
    others = prepare_folds(
        str(data), CONFIG, of=store, root=tmp_path / "folds", folds=cut(store, seed=1),
        on_note=lambda _: None,
    )  # fmt: skip
    assert not {fold.path for fold in folds} & {other.path for other in others}


def test_every_transform_is_refitted_on_the_folds_train_side(data: Path, tmp_path: Path) -> None:
    """Medians, deviations, components and label range are as if the fold were the whole file."""
    store, folds = prepared(data, tmp_path)
    raw = load_dataset(str(data), CONFIG)
    samples = raw.splits["train"].features["visual"] + raw.splits["val"].features["visual"]
    labels = np.concatenate([raw.splits["train"].labels, raw.splits["val"].labels])
    for fold, indices in zip(folds, cut(store), strict=True):
        raw.splits["train"].features = {
            "visual": [samples[i] for i in indices.train],
            "sync": raw.splits["test"].features["sync"],
        }
        raw.splits["train"].labels = labels[indices.train]
        expected = fit(raw.splits["train"], raw.schema, CONFIG)
        got = fold.statistics.to_arrays()
        for name, array in expected.to_arrays().items():
            if "sync" not in name:
                np.testing.assert_array_equal(got[name], array)
        splits = fold.search_splits()
        applied = [expected.apply("visual", samples[i]) for i in indices.val]  # type: ignore[arg-type]
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
            sample["labels"]["overall_score"] *= -0.5
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
        str(data), CONFIG, of=store, root=tmp_path / "folds", folds=cut(store),
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
            str(data), CONFIG, of=store, root=tmp_path / "folds", folds=cut(store),
            on_note=lambda _: None,
        )  # fmt: skip
