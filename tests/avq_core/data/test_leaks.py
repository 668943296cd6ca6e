"""No value of val or test affects training: neither its statistics nor its tensors."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avq_core.config.data import DataConfig
from avq_core.data.store.store import PreparedStore, prepare

Raw = dict[str, list[dict[str, Any]]]
CONFIGS = {
    "plain": DataConfig(),
    "pca": DataConfig(pca={"visual": 2}, clip=2.0, storage="float32"),
}


def make_file() -> Raw:
    """Clips of different lengths, a stream that some lack, NaN, missing labels."""
    rng = np.random.default_rng(0)

    def sample(split: str, index: int) -> dict[str, Any]:
        frames = 3 + index % 3
        features: dict[str, Any] = {
            "visual": rng.normal(3, 2, size=(frames, 5)).astype(np.float32),
            "audio": rng.normal(size=(frames, 2)).astype(np.float32),
            "sync": rng.normal(size=2).astype(np.float32),
        }
        features["visual"][0, index % 5] = np.nan
        if index % 4 == 1:
            del features["audio"]
        label = float(rng.uniform(-0.8, 1)) if index % 3 else -1.0
        labels = {"lip_score": label, "overall_score": float(rng.uniform(-0.8, 1))}
        return {"features": features, "labels": labels, "group": f"{split}{index // 2}"}

    sizes = {"train": 16, "val": 8, "test": 8}
    return {name: [sample(name, i) for i in range(size)] for name, size in sizes.items()}


def stored(raw: Raw, folder: Path, config: DataConfig) -> PreparedStore:
    """Prepares the content of a file."""
    path = folder / "data.pkl"
    path.write_bytes(pickle.dumps(raw))
    return prepare(str(path), config, root=folder / "prepared")


def seen_by_training(store: PreparedStore) -> dict[str, Any]:
    """All fitted arrays and all train arrays, as bytes."""
    train = store.search_splits().train
    arrays = {f"statistics/{k}": v for k, v in store.statistics.to_arrays().items()}
    arrays |= {f"train/{k}": v for k, v in train.streams.items()}
    arrays |= {f"present/{k}": v for k, v in train.present.items()}
    arrays |= {"targets": train.targets}
    if train.lengths is not None:
        arrays["lengths"] = train.lengths
    return {
        name: (array.shape, np.ascontiguousarray(array).tobytes()) for name, array in arrays.items()
    }


@pytest.fixture(scope="module", params=CONFIGS.values(), ids=CONFIGS.keys())
def before(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DataConfig, PreparedStore]:
    """The store of the unchanged file."""
    folder = tmp_path_factory.mktemp("before")
    return request.param, stored(make_file(), folder, request.param)


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_value_of_val_or_test_changes_what_training_sees(
    before: tuple[DataConfig, PreparedStore], tmp_path: Path, data: st.DataObject
) -> None:
    """Any value of any stream, also NaN and infinity; any label; any group; any length."""
    config, old = before
    raw = copy.deepcopy(make_file())
    sample = data.draw(st.sampled_from(raw["val"] + raw["test"]))
    kind = data.draw(st.sampled_from(["value", "label", "group", "length"]))
    if kind == "value":
        values = sample["features"][data.draw(st.sampled_from(sorted(sample["features"])))]
        place = data.draw(st.integers(0, values.size - 1))
        values.flat[place] = data.draw(
            st.floats(width=32).filter(lambda v: v != values.flat[place])
        )
    elif kind == "label":
        name = data.draw(st.sampled_from(sorted(sample["labels"])))
        sample["labels"][name] = data.draw(st.floats(-0.8, 1) | st.just(-1.0) | st.just(np.nan))
    elif kind == "group":
        sample["group"] = data.draw(st.text(max_size=5))
    else:
        frames = data.draw(st.integers(1, 12))
        for name, values in sample["features"].items():
            if values.ndim == 2:
                sample["features"][name] = np.resize(values, (frames, values.shape[1]))
    new = stored(raw, tmp_path, config)
    assert seen_by_training(new) == seen_by_training(old)


def test_the_comparison_sees_a_change_of_train(
    before: tuple[DataConfig, PreparedStore], tmp_path: Path
) -> None:
    """Changing one value of train changes what training sees, so the test above can fail."""
    config, old = before
    raw = make_file()
    raw["train"][0]["features"]["sync"][0] += 1.0
    assert seen_by_training(stored(raw, tmp_path, config)) != seen_by_training(old)


def test_the_order_of_the_splits_changes_nothing(
    before: tuple[DataConfig, PreparedStore], tmp_path: Path
) -> None:
    """With test first in the file, and keys in another order, all arrays stay the same."""
    config, old = before
    raw = {name: make_file()[name] for name in ("test", "val", "train")}
    for sample in raw["val"] + raw["test"]:
        sample["features"] = dict(reversed(sample["features"].items()))
        sample["labels"] = dict(reversed(sample["labels"].items()))
    new = stored(raw, tmp_path, config)
    assert seen_by_training(new) == seen_by_training(old)
    for name, values in old.test_split().streams.items():
        np.testing.assert_array_equal(new.test_split().streams[name], values)


def test_the_order_of_val_and_test_samples_changes_nothing_else(
    before: tuple[DataConfig, PreparedStore], tmp_path: Path
) -> None:
    """Shuffled samples are stored in the new order, and train stays the same."""
    config, old = before
    raw = make_file()
    order = np.random.default_rng(1).permutation(8)
    raw["test"] = [raw["test"][i] for i in order]
    new = stored(raw, tmp_path, config)
    assert seen_by_training(new) == seen_by_training(old)
    for name, values in old.test_split().streams.items():
        np.testing.assert_array_equal(new.test_split().streams[name], values[order])
