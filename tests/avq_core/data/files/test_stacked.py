"""Files in the layout of public sets: each split is a dict of arrays with a row for each sample."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avq_core.audit.run import audit
from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset, lengths
from avq_core.data.files.read import load_dataset, load_samples
from avq_core.errors import DataError

CONFIG = DataConfig()
Raw = dict[str, Any]


def make_split(num: int, start: int = 0) -> Raw:
    """As MMSA writes it, aligned: every stream has the same frames."""
    rng = np.random.default_rng(start)
    frames = 3 + np.arange(num) % 4
    return {
        "audio": rng.normal(size=(num, 6, 5)),
        "vision": rng.normal(size=(num, 6, 7)).astype(np.float32),
        "text": rng.normal(size=(num, 6, 8)).astype(np.float32),
        "text_bert": np.ones((num, 3, 9), np.float32),
        "audio_lengths": frames.tolist(),
        "vision_lengths": frames,
        "id": [f"video{start + i // 3}$_${i}" for i in range(num)],
        "raw_text": np.array([f"words {i}" for i in range(num)]),
        "annotations": ["Positive"] * num,
        "classification_labels": np.zeros(num),
        "regression_labels": rng.uniform(-3, 3, num).astype(np.float32),
        "regression_labels_T": rng.uniform(-3, 3, num).tolist(),
    }


def make_file() -> Raw:
    """Three splits, val under the name that public sets give it."""
    return {"train": make_split(12), "valid": make_split(6, 100), "test": make_split(6, 200)}


def read(raw: object, folder: Path, config: DataConfig = CONFIG) -> Dataset:
    """The data set of a pickle of it."""
    path = folder / "public.pkl"
    path.write_bytes(pickle.dumps(raw))
    return load_dataset(str(path), config)


def test_the_layout_is_read_without_a_layout_file(tmp_path: Path) -> None:
    """Streams, tasks, lengths and groups come from the arrays, and val is called valid."""
    raw = make_file()
    dataset = read(raw, tmp_path)
    streams = {s.name: (s.dim, s.temporal) for s in dataset.schema.streams}
    assert streams == {"audio": (5, True), "vision": (7, True), "text": (8, True)}
    assert dataset.schema.tasks == ("overall", "overall_T")
    train = dataset.splits["train"]
    assert lengths(train, dataset.schema).tolist() == [3 + i % 4 for i in range(12)]
    np.testing.assert_array_equal(train.features["vision"][2], raw["train"]["vision"][2, :5])
    np.testing.assert_array_equal(train.labels[:, 0], raw["train"]["regression_labels"])
    assert train.groups[:4] == ["video0", "video0", "video0", "video1"]
    notes = "\n".join(dataset.notes)
    for part in (
        "split val is the file's 'valid'",
        "train: groups are from id: 'video0$_$0' is of 'video0'",
        "text_bert (token numbers",
        "raw_text (no numbers)",
        "classification_labels (not a regression label",
        "only NaN means that there is none",
    ):
        assert part in notes
    messages = [finding.message for finding in audit(dataset, CONFIG).findings]
    assert set(dataset.notes) <= set(messages)


def test_a_label_of_minus_one_is_a_label_where_others_are_lower(tmp_path: Path) -> None:
    """In `ac.pkl` it means that there is none; NaN means that everywhere."""
    raw = make_file()
    raw["train"]["regression_labels"][:3] = [-1.0, -2.0, np.nan]
    dataset = read(raw, tmp_path)
    np.testing.assert_array_equal(dataset.splits["train"].labels[:3, 0], [-1, -2, np.nan])
    assert "1 of -1.0 are labels" in "\n".join(dataset.notes)


def test_a_label_of_minus_one_that_may_be_either_is_asked_about(tmp_path: Path) -> None:
    """Labels from -1 to 1 are those of CH-SIMS, or of `ac.pkl`; both answers are taken."""
    raw = make_file()
    for split in raw.values():
        del split["regression_labels_T"]
        split["regression_labels"] = np.linspace(-0.8, 1, len(split["id"]))
        split["regression_labels"][0] = -1.0
    with pytest.raises(DataError, match=r"3 labels are -1\.0, which may be.*`missing_label: null`"):
        read(raw, tmp_path)
    label = read(raw, tmp_path, DataConfig(label_min=-1, missing_label=None))
    assert label.splits["train"].labels[0, 0] == -1
    missing = read(raw, tmp_path, DataConfig(label_min=-0.9, missing_label=-1))
    assert np.isnan(missing.splits["train"].labels[0, 0])


def test_a_layout_names_tasks_groups_and_what_to_leave_out(tmp_path: Path) -> None:
    """Labels outside of its range are an error, as in every layout."""
    raw = make_file()
    layout: Raw = {
        "splits": {"val": "valid"},
        "keys": {"group": "annotations"},
        "tasks": {"polarity": "classification_labels", "mood": "regression_labels"},
        "ignore": ["text", "raw_text"],
        "label_min": -3,
        "label_max": 3,
        "missing_label": None,
    }
    dataset = read(raw, tmp_path, DataConfig(**layout))
    assert [s.name for s in dataset.schema.streams] == ["audio", "vision"]
    assert set(dataset.schema.tasks) == {"polarity", "mood", "overall_T"}
    assert set(dataset.splits["train"].groups) == {"Positive"}
    raw["train"]["regression_labels"][0] = 2.5
    with pytest.raises(DataError, match=r"expected a value in \[-3, 2\]"):
        read(raw, tmp_path, DataConfig(**{**layout, "label_max": 2}))
    with pytest.raises(DataError, match="names 'nothing' under `ignore`"):
        read(raw, tmp_path, DataConfig(ignore=("nothing",)))


def test_mult_and_ragged_files_are_read(tmp_path: Path) -> None:
    """Labels (N, 1, 1), ids of several parts as bytes, no lengths; or a list of arrays a stream."""

    def split(num: int, start: int) -> Raw:
        rng = np.random.default_rng(start)
        return {
            "vision": rng.normal(size=(num, 4, 3)),
            "labels": rng.uniform(-3, 3, (num, 1, 1)),
            "id": np.array([[f"clip{start + i // 2}", "0.1", "2.5"] for i in range(num)]).astype(
                "S"
            ),
        }

    raw = {"train": split(8, 0), "dev": split(4, 50), "test": split(4, 80)}
    dataset = read(raw, tmp_path)
    assert dataset.schema.tasks == ("overall",)
    assert dataset.splits["val"].groups == ["clip50", "clip50", "clip51", "clip51"]
    assert any("there are no lengths" in note for note in dataset.notes)
    for each in raw.values():
        each["vision"] = [row[: 2 + i % 3] for i, row in enumerate(each["vision"])]
    ragged = read(raw, tmp_path)
    assert lengths(ragged.splits["test"], ragged.schema).tolist() == [2, 3, 4, 2]


def test_torch_tensors_are_arrays(tmp_path: Path) -> None:
    """As MulT's files hold them."""
    import torch

    raw = make_file()
    for split in raw.values():
        for name, value in split.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                split[name] = torch.from_numpy(value)
    same = read(make_file(), tmp_path).splits["val"]
    split = read(raw, tmp_path).splits["val"]
    np.testing.assert_array_equal(split.labels, same.labels)
    np.testing.assert_array_equal(split.features["audio"][3], same.features["audio"][3])


def test_a_clip_without_frames_lacks_the_stream(tmp_path: Path) -> None:
    """A length of 0 means that nothing was found; one that is too large is cut, and told."""
    raw = make_file()
    raw["train"]["audio_lengths"][0] = 0
    raw["train"]["vision_lengths"][3] = 99
    raw["train"]["audio_lengths"][3] = 99
    del raw["train"]["text"], raw["valid"]["text"], raw["test"]["text"]
    dataset = read(raw, tmp_path)
    assert dataset.splits["train"].features["audio"][0] is None
    optional = {s.name: s.optional for s in dataset.schema.streams}
    assert optional == {"audio": True, "vision": False}
    assert lengths(dataset.splits["train"], dataset.schema)[3] == 6
    assert "train: vision_lengths: 1 of 12 exceed the 6 frames there are" in dataset.notes


def test_samples_to_predict_need_no_labels_and_no_split(tmp_path: Path) -> None:
    """One dict of arrays is one set of samples."""
    dataset = read(make_file(), tmp_path)
    raw = make_split(5, 300)
    for name in ("regression_labels", "regression_labels_T", "classification_labels"):
        del raw[name]
    path = tmp_path / "new.pkl"
    path.write_bytes(pickle.dumps(raw))
    ((name, split),) = load_samples(str(path), dataset.schema, CONFIG).items()
    assert (name, len(split)) == ("samples", 5)
    assert np.isnan(split.labels).all()


@pytest.mark.parametrize("as_list", [False, True])
def test_a_stream_called_as_ids_may_be_is_a_stream(as_list: bool, tmp_path: Path) -> None:
    """Numbers of frames are no ids, whatever their name."""
    raw = make_file()
    for split in raw.values():
        vision = split.pop("vision")
        split["video"] = list(vision) if as_list else vision
        split["video_lengths"] = split.pop("vision_lengths")
        split["speaker"] = np.linspace(0, 1, len(vision))
    dataset = read(raw, tmp_path)
    assert {s.name: s.dim for s in dataset.schema.streams}["video"] == 7
    assert dataset.splits["train"].groups[:4] == ["video0", "video0", "video0", "video1"]
    raw["train"]["video"] = np.stack(raw["train"]["video"])
    with pytest.raises(DataError, match=r"video has shape \(12, 6, 7\), expected one id a sample"):
        read(raw, tmp_path, DataConfig(keys={"group": "video"}))


def test_of_several_arrays_of_ids_the_one_meant_for_groups_is_taken(tmp_path: Path) -> None:
    """Whatever their order in the file; one that names no groups gives way to the next."""
    raw = make_file()
    for split in raw.values():
        num = len(split["id"])
        split["ids"] = np.arange(num)
        split["speaker"] = [f"speaker {i // 5}" for i in range(num)]
    dataset = read(raw, tmp_path)
    assert dataset.splits["train"].groups == raw["train"]["speaker"]
    note = "train: samples with the same speaker are of one group (id, ids not used)"
    assert note in dataset.notes
    for split in raw.values():
        split["speaker"] = np.arange(len(split["id"]))
    assert read(raw, tmp_path).splits["train"].groups[2:4] == ["video0", "video1"]


@pytest.mark.parametrize("parts", [1, 3])
def test_the_first_part_of_an_id_may_name_a_segment(parts: int, tmp_path: Path) -> None:
    """As MulT writes ids of CMU-MOSI, with or without the times of the segment."""
    raw = make_file()
    for split in raw.values():
        split["id"] = np.array(
            [[name.replace("$_$", "[") + "]", "0.5", "1.5"][:parts] for name in split["id"]]
        )
    dataset = read(raw, tmp_path)
    assert dataset.splits["train"].groups[2:4] == ["video0", "video1"]


def test_streams_of_different_rates_are_aligned(tmp_path: Path) -> None:
    """As in the unaligned sets: a clip's streams get the frames of its longest, and a line says so."""
    raw = make_file()
    for split in raw.values():
        num = len(split["id"])
        split["audio"] = np.random.default_rng(1).normal(size=(num, 12, 5))
        split["audio_lengths"] = 2 * split["vision_lengths"]
        split["text_lengths"] = np.ones(num, int)
        split["level"] = np.ones((num, 1, 2))
    dataset = read(raw, tmp_path)
    assert {s.name: s.temporal for s in dataset.schema.streams} == {
        "audio": True,
        "vision": True,
        "text": False,
        "level": False,
    }
    train = dataset.splits["train"]
    assert lengths(train, dataset.schema).tolist() == [2 * (3 + i % 4) for i in range(12)]
    expected = np.repeat(raw["train"]["vision"][1, :4], 2, axis=0)
    np.testing.assert_array_equal(train.features["vision"][1], expected)
    np.testing.assert_allclose(train.features["audio"][1], raw["train"]["audio"][1, :8])
    assert (
        "train: streams differ in frames (audio up to 12, vision up to 6) in 12 of 12 clips: the "
        "shorter ones were stretched to the longest of the clip by repeating frames"
    ) in dataset.notes


def test_labels_of_samples_to_predict_are_never_asked_about(tmp_path: Path) -> None:
    """A few clips of a set with labels from -3 to 3 may hold only labels that could be of `ac.pkl`."""
    dataset = read(make_file(), tmp_path)
    raw = make_split(3, 300) | {"regression_labels": [-1.0, 0.5, np.nan]}
    raw["regression_labels_T"] = [0.25, 0.5, 1.0]
    path = tmp_path / "new.pkl"
    path.write_bytes(pickle.dumps(raw))
    notes: list[str] = []
    samples = load_samples(str(path), dataset.schema, CONFIG, on_note=notes.append)["samples"]
    np.testing.assert_array_equal(samples.labels, [[np.nan, 0.25], [0.5, 0.5], [np.nan, 1]])
    assert any("1 labels are -1.0, which may be a label" in note for note in notes)
    path.write_bytes(pickle.dumps(raw | {"regression_labels": [-1.0, -2.5, 2.0]}))
    samples = load_samples(str(path), dataset.schema, CONFIG)["samples"]
    np.testing.assert_array_equal(samples.labels[:, 0], [-1, -2.5, 2])


def _short(raw: Raw) -> None:
    raw["valid"]["vision"] = raw["valid"]["vision"][:4]


def _two_names(raw: Raw) -> None:
    raw["dev"] = raw["valid"]


def _text_only(raw: Raw) -> None:
    raw["train"] = {"raw_text": ["a", "b"], "regression_labels": [1.0, 2.0]}


def _ids(raw: Raw) -> None:
    raw["train"]["id"] = [b"\xff"] * 12


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_short, r"val: vision has 4 rows, expected 6, one for each sample, as audio has"),
        (_two_names, r"the file has 'valid' and 'dev', expected one 'val'; say which"),
        (_text_only, r"without a stream, expected arrays of numbers .*docs/data\.md"),
        (_ids, r"an id is bytes that are not UTF-8"),
    ],
    ids=["rows", "two names", "no stream", "ids"],
)
def test_what_does_not_fit_is_told(spoil: Any, message: str, tmp_path: Path) -> None:
    """With the split and the array."""
    raw = make_file()
    spoil(raw)
    with pytest.raises(DataError, match=message):
        read(raw, tmp_path)
