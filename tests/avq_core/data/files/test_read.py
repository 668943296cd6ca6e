"""Reading a data file: the data contract, and an exact error for each breach."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avq_core.config.data import DataConfig
from avq_core.config.values import load_data_config
from avq_core.data.dataset import lengths, named_groups
from avq_core.data.files.read import default_source, load_dataset, load_samples
from avq_core.errors import ConfigError, DataError

Raw = dict[str, Any]
CONFIG = DataConfig()


def make_sample(seed: int = 0, *, frames: int = 4, **extra: Any) -> Raw:
    """One sample of two temporal streams and a clip-level one."""
    rng = np.random.default_rng(seed)
    return {
        "features": {
            "visual": rng.normal(size=(frames, 3)).astype(np.float32),
            "audio": rng.normal(size=(frames, 2)).astype(np.float32),
            "sync": rng.normal(size=2).astype(np.float32),
        },
        "labels": {"lip_score": 0.5 - 0.1 * (seed % 5), "overall_score": 0.1 * (seed % 7)},
        **extra,
    }


def make_file() -> Raw:
    """A file that follows the contract."""
    return {
        name: [make_sample(start + i) for i in range(3)]
        for name, start in (("train", 0), ("val", 10), ("test", 20))
    }


def save(value: object, tmp_path: Path) -> str:
    """Pickles a value and gives the path."""
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps(value))
    return str(path)


def test_a_sample_may_lack_a_stream_and_a_label(tmp_path: Path) -> None:
    """The stream is then optional and the label missing; `None` means the same as leaving it out."""
    raw = make_file()
    del raw["train"][0]["features"]["audio"]
    raw["test"][1]["features"]["audio"] = None
    del raw["train"][1]["labels"]["lip_score"]
    raw["train"][2]["labels"]["lip_score"] = None
    dataset = load_dataset(save(raw, tmp_path), CONFIG)
    assert {s.name: s.optional for s in dataset.schema.streams} == {
        "visual": False,
        "audio": True,
        "sync": False,
    }
    assert dataset.splits["train"].features["audio"][0] is None
    assert dataset.splits["test"].features["audio"][1] is None
    assert np.isnan(dataset.splits["train"].labels[:, 0]).tolist() == [False, True, True]


def test_samples_may_be_of_different_lengths(tmp_path: Path) -> None:
    """Each keeps its length, and the schema has that of the longest train sample."""
    raw = make_file()
    raw["train"][1] = make_sample(1, frames=7)
    raw["val"][0] = make_sample(2, frames=2)
    dataset = load_dataset(save(raw, tmp_path), CONFIG)
    assert dataset.schema.num_frames == 7
    assert lengths(dataset.splits["train"], dataset.schema).tolist() == [4, 7, 4]
    assert lengths(dataset.splits["val"], dataset.schema).tolist() == [2, 4, 4]


def test_a_single_frame_among_longer_streams_is_clip_level(tmp_path: Path) -> None:
    """A stream of (1, D) in every sample is clip-level, and so is a plain number."""
    raw = make_file()
    for samples in raw.values():
        for sample in samples:
            sample["features"]["sync"] = sample["features"]["sync"][None]
            sample["features"]["mos"] = 0.5
    dataset = load_dataset(save(raw, tmp_path), CONFIG)
    shapes = {s.name: (s.dim, s.temporal) for s in dataset.schema.streams}
    assert (shapes["sync"], shapes["mos"]) == ((2, False), (1, False))
    assert dataset.splits["val"].features["sync"][0].shape == (2,)  # type: ignore[union-attr]
    assert dataset.splits["val"].features["mos"][0].tolist() == [0.5]  # type: ignore[union-attr]


def test_a_layout_maps_names_ranges_and_sentinels(tmp_path: Path) -> None:
    """A file with other names and conventions is read like ours."""
    ours, theirs = make_file(), {}
    for name, split in (("train", "fit"), ("val", "dev"), ("test", "test")):
        theirs[split] = [
            {
                "x": {
                    "rgb": sample["features"]["visual"],
                    "audio": np.where(sample["features"]["audio"] > 1, -999, 0.25),
                    "sync": sample["features"]["sync"],
                    "thumbnail": b"jpeg",
                },
                "y": {"mos": 3.0, "lip_score": -9.0 if i else 0.5, "note": "said"},
                "speaker": f"s{i}",
            }
            for i, sample in enumerate(ours[name])
        ]
    layout = tmp_path / "layout.yaml"
    layout.write_text(
        "splits: {train: fit, val: dev}\n"
        "keys: {features: x, labels: y, group: speaker}\n"
        "streams: {visual: rgb}\ntasks: {overall: mos}\nignore: [thumbnail, note]\n"
        "label_ranges: {overall: [1, 5]}\nmissing_label: -9\nmissing_value: -999\n"
    )
    dataset = load_dataset(save(theirs, tmp_path), load_data_config(layout))
    assert [s.name for s in dataset.schema.streams] == ["visual", "audio", "sync"]
    assert dataset.schema.tasks == ("overall", "lip")
    train = dataset.splits["train"]
    np.testing.assert_array_equal(train.labels, [[3, 0.5], [3, np.nan], [3, np.nan]])
    assert train.groups == ["s0", "s1", "s2"]
    values = np.concatenate([sample for sample in train.features["audio"] if sample is not None])
    assert np.isnan(values).any()
    assert set(values[np.isfinite(values)]) == {0.25}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            DataConfig(streams={"a": "audoi"}),
            r"names 'audoi' under `streams`, but no sample of .*train",
        ),
        (
            DataConfig(tasks={"o": "mos"}),
            r"names 'mos' under `tasks`.*only \['lip_score', 'overall_sc",
        ),
        (DataConfig(ignore=("gaze",)), r"names 'gaze' under `ignore`"),
        (
            DataConfig(label_ranges={"mos": (1, 5)}),
            r"label range of 'mos', but the tasks of .* are",
        ),
    ],
)
def test_a_layout_with_a_name_that_the_file_lacks_is_an_error(
    tmp_path: Path, config: DataConfig, message: str
) -> None:
    """Otherwise a typo in it would have no effect, and nobody would see it."""
    with pytest.raises(DataError, match=message):
        load_dataset(save(make_file(), tmp_path), config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "steams: {a: b}",
            r"layout\.yaml, line 1: unknown setting data\.steams, did you mean streams\? expected one of",
        ),
        ("streams: [a]", r"data\.streams is \['a'\], expected a mapping of our name"),
        ("splits: {dev: val}", r"data\.splits is 'dev', expected one of train, val, test"),
        ("tasks: {a: x, b: x}", r"expected a different name of the file for each"),
        ("label_ranges: {a: [2, 1]}", r"data\.label_ranges\.a is \[2, 1\], expected \[lowest"),
        ("label_min: -2", r"data\.missing_label is -1\.0, expected a value outside the valid"),
        ("clip: null", r"data\.clip is None, expected less than 65504 with data\.storage"),
        ("storage: float8", r"data\.storage is 'float8', did you mean float32\? expected one of"),
        ("- 1", r"layout\.yaml holds list, expected settings by name"),
    ],
)
def test_a_wrong_layout_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """The message has the file, the setting, what was got and what was expected."""
    layout = tmp_path / "layout.yaml"
    layout.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_data_config(layout)


def test_a_valid_file_is_read_unchanged(tmp_path: Path) -> None:
    """The schema has the file's order, arrays are the same, labels lose their suffix."""
    raw = make_file()
    raw["train"][0]["group"] = "speaker"
    dataset = load_dataset(save(raw, tmp_path), CONFIG)
    assert [(s.name, s.dim, s.temporal) for s in dataset.schema.streams] == [
        ("visual", 3, True),
        ("audio", 2, True),
        ("sync", 2, False),
    ]
    assert (dataset.schema.num_frames, dataset.schema.tasks) == (4, ("lip", "overall"))
    train = dataset.splits["train"]
    np.testing.assert_array_equal(train.features["audio"][1], raw["train"][1]["features"]["audio"])
    np.testing.assert_allclose(train.labels, [[0.5, 0.0], [0.4, 0.1], [0.3, 0.2]])
    assert named_groups(train) == ["speaker"]
    everyone = [group for split in dataset.splits.values() for group in split.groups]
    assert len(set(everyone)) == 9


@pytest.mark.parametrize("label", [-1.0, -1.0000005, float("nan"), np.float32(-1)])
def test_a_missing_label_is_nan(tmp_path: Path, label: Any) -> None:
    """-1 up to rounding and NaN mean missing; the lowest valid label does not."""
    raw = make_file()
    raw["train"][0]["labels"]["lip_score"] = label
    raw["train"][1]["labels"]["lip_score"] = float(np.float32(-0.8))
    labels = load_dataset(save(raw, tmp_path), CONFIG).splits["train"].labels
    assert np.isnan(labels[0, 0])
    assert labels[1, 0] == np.float32(-0.8)


@pytest.mark.parametrize("dtype", ["f8", "f2", "i4", "u1", "?", ">f4"])
def test_numbers_of_any_type_become_float32(tmp_path: Path, dtype: str) -> None:
    """Values are kept, the type is float32."""
    raw = make_file()
    for samples in raw.values():
        for sample in samples:
            sample["features"]["sync"] = np.array([0, 1], dtype)
    read = load_dataset(save(raw, tmp_path), CONFIG).splits["val"].features["sync"][0]
    assert read.dtype == np.float32
    assert read.tolist() == [0, 1]


def test_a_value_beyond_float32_counts_as_missing(tmp_path: Path) -> None:
    """1e300 becomes infinite, without a warning, and is filled later."""
    raw = make_file()
    raw["val"][0]["features"]["sync"] = np.array([1e300, 0.0])
    assert np.isinf(load_dataset(save(raw, tmp_path), CONFIG).splits["val"].features["sync"][0][0])


def _set(*path: Any, to: Any) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        node: Any = raw
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        node: Any = raw
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return change


def _no_label(split: str) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        for sample in raw[split]:
            sample["labels"]["lip_score"] = -1.0

    return change


def _gaze_in_train(raw: Raw) -> None:
    for sample in raw["train"][:2]:
        sample["features"]["gaze"] = np.ones(2)


def _clear(part: str) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        for sample in raw["train"]:
            sample[part] = {}

    return change


_FEATURES = ("train", 0, "features")
BREACHES = {
    "missing split": (_drop("val"), r"no split 'val', only \['train', 'test'\]; expected a dict"),
    "empty split": (_set("test", to=[]), r"split 'test' is empty, expected at least one sample"),
    "no list": (_set("test", to={}), r"split 'test' is a dict, expected a list of samples"),
    "no sample": (_set("val", 1, to=3), r"val sample 1 is a int, expected a dict with 'features'"),
    "no features": (_drop("val", 2, "features"), r"val sample 2 has no 'features', only"),
    "no labels": (_drop("val", 0, "labels"), r"val sample 0 has no 'labels', only"),
    "labels no dict": (_set("test", 0, "labels", to=[1]), r"labels is a list, expected a dict"),
    "missing stream": (
        _drop("val", 1, "features", "audio"),
        r"val sample 1: stream 'audio' is missing, got \['visual', 'sync'\]",
    ),
    "extra stream": (
        _set("val", 1, "features", "gaze", to=np.ones(2)),
        r"val sample 1: stream 'gaze' is unknown, expected \['visual', 'audio', 'sync'\]",
    ),
    "stream of one sample": (
        _set("train", 1, "features", "gaze", to=np.ones(2)),
        r"train: only sample 1 of 3 has a stream 'gaze'; correct its name if that is a typo",
    ),
    "stream never in val": (
        _gaze_in_train,
        r"no val sample has the stream 'gaze'; correct its name, or leave it out",
    ),
    "task of one sample": (
        _set("train", 1, "labels", "new_score", to=0.1),
        r"task 'new' has no valid label in split 'val'",
    ),
    "extra task": (
        _set("val", 1, "labels", "new_score", to=0.1),
        r"val sample 1: label of task 'new' is unknown, expected \['lip', 'overall'\]",
    ),
    "two names of a task": (
        _set("val", 1, "labels", "lip", to=0.1),
        r"val sample 1: label 'lip' would be a second 'lip'; rename one",
    ),
    "shape": (
        _set("test", 2, "features", "visual", to=np.ones((4, 5))),
        r"test sample 2, stream 'visual' has shape \(4, 5\), expected \(frames, 3\)",
    ),
    "no frames": (
        _set("test", 2, "features", "visual", to=np.ones((0, 3))),
        r"test sample 2, stream 'visual' has shape \(0, 3\), expected \(frames, 3\)",
    ),
    "frames": (
        _set("test", 2, "features", "visual", to=np.ones((5, 3))),
        r"test sample 2 has streams of different numbers of frames: \{'visual': 5, 'audio': 4\}",
    ),
    "clip-level as frames": (
        _set("test", 2, "features", "sync", to=np.ones((4, 2))),
        r"test sample 2, stream 'sync' has shape \(4, 2\), expected \(2,\)",
    ),
    "huge number": (
        _set("val", 1, "labels", "lip_score", to=10**400),
        r"label of task 'lip' is inf, expected a value in",
    ),
    "axes": (
        _set(*_FEATURES, "visual", to=np.ones((4, 3, 2))),
        r"train sample 0, stream 'visual' has shape \(4, 3, 2\), expected \(frames, columns\)",
    ),
    "uneven frames": (
        _set(*_FEATURES, "visual", to=np.ones((5, 3))),
        r"different numbers of frames: \{'visual': 5, 'audio': 4\}",
    ),
    "text": (
        _set("val", 0, "features", "sync", to=np.array(["a", "b"])),
        r"val sample 0, stream 'sync' is an array of type <U1, expected numbers",
    ),
    "list": (
        _set("val", 0, "features", "sync", to=[0.1, 0.2]),
        r"val sample 0, stream 'sync' is a list, expected a NumPy array of numbers",
    ),
    "label range": (
        _set("val", 1, "labels", "lip_score", to=1.2),
        r"val sample 1, label of task 'lip' is 1\.2, expected a value in \[-0\.8, 1\], or -1 or NaN",
    ),
    "label infinite": (_set("val", 1, "labels", "lip_score", to=np.inf), r"is inf, expected"),
    "label text": (
        _set("val", 1, "labels", "lip_score", to="good"),
        r"val sample 1, label of task 'lip' is a str, expected a number",
    ),
    "label name": (
        _set("train", 0, "labels", to={"lip.score": 0.1}),
        r"label name 'lip\.score', expected up to 64 letters",
    ),
    "stream name": (
        _set(*_FEATURES, "../visual", to=np.ones((4, 3))),
        r"stream name '\.\./visual', expected up to 64 letters",
    ),
    "no streams": (_clear("features"), r"train has no streams, expected at least 1"),
    "no tasks": (_clear("labels"), r"train has no labels, expected at least 1"),
    "sample without streams": (
        _set(*_FEATURES, to={}),
        r"train sample 0 has no stream at all, expected at least one of",
    ),
    "unlabelled train": (_no_label("train"), r"task 'lip' has no valid label in split 'train'"),
    "unlabelled val": (_no_label("val"), r"task 'lip' has no valid label in split 'val'"),
    "group": (_set("val", 0, "group", to=[1]), r"val sample 0: group is a list, expected a name"),
}


@pytest.mark.parametrize(("change", "message"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_of_the_contract_is_an_exact_error(
    tmp_path: Path, change: Callable[[Raw], None], message: str
) -> None:
    """One line with the split, the sample, what was got and what was expected."""
    raw = make_file()
    change(raw)
    with pytest.raises(DataError, match=message) as error:
        load_dataset(save(raw, tmp_path), CONFIG)
    assert "\n" not in str(error.value)


def test_a_file_of_something_else_is_an_error(tmp_path: Path) -> None:
    """A list is not a data set."""
    with pytest.raises(DataError, match=r"holds a list, expected a dict \{'train'"):
        load_dataset(save([1], tmp_path), CONFIG)


def test_a_task_may_go_unlabelled_in_test(tmp_path: Path) -> None:
    """Only train and val must have labels of every task."""
    raw = make_file()
    _no_label("test")(raw)
    labels = load_dataset(save(raw, tmp_path), CONFIG).splits["test"].labels
    assert np.isnan(labels[:, 0]).all()


def test_samples_to_predict_need_no_labels_and_may_be_longer(tmp_path: Path) -> None:
    """A plain list of samples of any length, with some labels or none."""
    schema = load_dataset(save(make_file(), tmp_path), CONFIG).schema
    bare, long = make_sample(1), make_sample(2, frames=9)
    del bare["labels"]
    del long["labels"]["lip_score"]
    splits = load_samples(save([bare, long], tmp_path), schema, CONFIG)
    assert list(splits) == ["samples"]
    assert [len(x) for x in splits["samples"].features["visual"]] == [4, 9]
    np.testing.assert_allclose(splits["samples"].labels, [[np.nan] * 2, [np.nan, 0.2]])


def test_samples_to_predict_may_be_in_any_splits(tmp_path: Path) -> None:
    """The user chooses the names of the splits."""
    schema = load_dataset(save(make_file(), tmp_path), CONFIG).schema
    splits = load_samples(save({"new": [make_sample()]}, tmp_path), schema, CONFIG)
    assert list(splits) == ["new"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "split 'samples' is empty, expected at least one sample"),
        ({}, "holds nothing, expected a list of samples"),
        (3, "holds int, expected a list of samples"),
        ({"a": []}, "split 'a' is empty"),
        ([{"features": {}}], "samples sample 0: stream 'visual' is missing"),
        (
            [{"features": {**make_sample()["features"], "audio": np.ones((3, 2))}}],
            r"different numbers of frames: \{'visual': 4, 'audio': 3\}; resample",
        ),
        (
            [{"features": {**make_sample()["features"], "visual": np.ones(3)}}],
            r"stream 'visual' has shape \(3,\), expected \(frames, 3\)",
        ),
    ],
)
def test_samples_that_the_model_cannot_read_are_an_error(
    tmp_path: Path, value: object, message: str
) -> None:
    """Streams must be those that the model was trained on."""
    schema = load_dataset(save(make_file(), tmp_path), CONFIG).schema
    with pytest.raises(DataError, match=message):
        load_samples(save(value, tmp_path), schema, CONFIG)


def test_the_demo_set_follows_the_contract() -> None:
    """It passes the checks that a file must pass."""
    dataset = load_dataset("demo", CONFIG)
    splits = load_samples("demo", dataset.schema, CONFIG)
    assert list(splits) == ["train", "val", "test"]
    np.testing.assert_array_equal(splits["val"].labels, dataset.splits["val"].labels)


def test_the_users_file_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets/ac.pkl` if it exists, else the demo set."""
    monkeypatch.chdir(tmp_path)
    assert default_source() == "demo"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "ac.pkl").touch()
    assert default_source() == "datasets/ac.pkl"


def test_the_code_in_the_error_aligns_streams(tmp_path: Path) -> None:
    """It is pasted as it is."""
    raw = make_file()
    features = raw["train"][1]["features"]
    features["visual"] = np.arange(27.0).reshape(9, 3)
    with pytest.raises(DataError, match="resample them to the same by repeating") as error:
        load_dataset(save(raw, tmp_path), CONFIG)
    code = str(error.value).partition("repeating frames: ")[2]
    exec(code, {"features": features, "numpy": np})  # noqa: S102 - what a user does
    train = load_dataset(save(raw, tmp_path), CONFIG).splits["train"]
    expected = raw["train"][1]["features"]["audio"]
    np.testing.assert_array_equal(train.features["audio"][1], expected)
    assert [len(sample) for sample in train.features["audio"] if sample is not None] == [4, 9, 4]
