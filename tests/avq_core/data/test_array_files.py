"""Files of plain arrays: read as a pickle of the same would be, and each breach told in one line."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from avq_core.data import array_files
from avq_core.data.data_files import write
from avq_core.data.dataset import load_dataset
from avq_core.data.schema import Schema
from avq_core.data_config import DataConfig
from avq_core.errors import ConfigError, DataError

Arrays = dict[str, Any]


def make_arrays(split: str = "train/") -> Arrays:
    """Four samples: two streams, one label, groups, unlike lengths, a stream that one lacks."""
    rng = np.random.default_rng(0)
    return {
        f"{split}features/audio": rng.normal(size=(4, 5, 2)).astype(np.float32),
        f"{split}features/sync": rng.normal(size=(4, 3)),
        f"{split}labels/overall_score": np.array([0.1, np.nan, -1, 0.4]),
        f"{split}frames": np.array([5, 3, 1, 5]),
        f"{split}present/sync": np.array([True, True, False, True]),
    }


def save_npz(arrays: Arrays, folder: Path) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def save_safetensors(arrays: Arrays, folder: Path) -> Path:
    (folder / "data.safetensors").write_bytes(save(arrays))
    return folder / "data.safetensors"


SAVERS = [save_npz, save_safetensors]


@pytest.mark.parametrize("saver", SAVERS)
def test_arrays_become_samples(tmp_path: Path, saver: Callable[[Arrays, Path], Path]) -> None:
    """Cut to their frames, without the streams that they lack."""
    arrays = make_arrays()
    samples = array_files.load(saver(arrays, tmp_path))["train"]  # type: ignore[call-overload]
    assert [sorted(sample["features"]) for sample in samples] == [
        ["audio", "sync"], ["audio", "sync"], ["audio"], ["audio", "sync"],
    ]  # fmt: skip
    assert [len(sample["features"]["audio"]) for sample in samples] == [5, 3, 1, 5]
    np.testing.assert_array_equal(
        samples[1]["features"]["audio"], arrays["train/features/audio"][1, :3]
    )
    np.testing.assert_equal([s["labels"]["overall_score"] for s in samples], [0.1, np.nan, -1, 0.4])


@pytest.mark.parametrize("saver", SAVERS)
def test_without_a_split_it_is_a_list_of_samples(
    tmp_path: Path, saver: Callable[[Arrays, Path], Path]
) -> None:
    """To predict."""
    samples = array_files.load(saver(make_arrays(""), tmp_path))
    assert isinstance(samples, list)
    assert len(samples) == 4


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", "i2", "?"])
def test_npz_arrays_of_any_number_type_are_read(tmp_path: Path, dtype: str) -> None:
    """In either order of bytes and of axes."""
    values = np.asfortranarray(np.arange(12).reshape(4, 3).astype(dtype))
    path = save_npz({"train/features/sync": values}, tmp_path)
    samples = array_files.load(path)["train"]  # type: ignore[call-overload]
    np.testing.assert_array_equal(np.stack([s["features"]["sync"] for s in samples]), values)


def test_groups_are_names_or_numbers(tmp_path: Path) -> None:
    """In .npz as an array of text."""
    arrays = {**make_arrays(), "train/group": np.array(["a", "b", "b", "ü"])}
    samples = array_files.load(save_npz(arrays, tmp_path))["train"]  # type: ignore[call-overload]
    assert [sample["group"] for sample in samples] == ["a", "b", "b", "ü"]


def test_bfloat16_tensors_become_float32(tmp_path: Path) -> None:
    """The upper half of a float32, exactly."""
    values = np.array([[1.5], [-2.0]], np.float32)
    header = {"features/a": {"dtype": "BF16", "shape": [2, 1], "data_offsets": [0, 4]}}
    raw = json.dumps(header).encode()
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = tmp_path / "half.safetensors"
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + halves)
    samples = array_files.load(path)
    assert [sample["features"]["a"].tolist() for sample in samples] == [[1.5], [-2.0]]  # type: ignore[index]


def test_text_stands_in_a_json_file_beside_safetensors(tmp_path: Path) -> None:
    """Groups, and labels with null where missing."""
    path = save_safetensors({"train/features/sync": np.ones((2, 3), np.float32)}, tmp_path)
    beside = {"train": {"group": ["a", "b"], "labels": {"overall_score": [0.5, None]}}}
    path.with_suffix(".json").write_text(json.dumps(beside))
    samples = array_files.load(path)["train"]  # type: ignore[call-overload]
    assert [sample["group"] for sample in samples] == ["a", "b"]
    np.testing.assert_equal([s["labels"]["overall_score"] for s in samples], [0.5, np.nan])


def _with(**changes: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        names = {name.replace("__", "/"): value for name, value in changes.items()}
        return save_npz({**make_arrays(), **names}, folder)

    return make


def _objects(folder: Path) -> Path:
    return save_npz({"train/features/a": np.array([[{}]], object)}, folder)


def _false_size(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 5)}
        )
        archive.writestr("train/features/a.npy", head.getvalue() + b"1234")
    return folder / "data.npz"


def _bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train/features/a.npy", bytes(300 << 20))
    return folder / "data.npz"


def _no_zip(folder: Path) -> Path:
    (folder / "data.npz").write_bytes(b"not a zip at all")
    return folder / "data.npz"


def _foreign(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    return folder / "data.npz"


def _header(entry: object, data: bytes = b"", extra: str = "") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        raw = (json.dumps({"features/a": entry})[:-1] + extra + "}").encode()
        path = folder / "data.safetensors"
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)
        return path

    return make


def _beside(text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "data.json").write_text(text)
        return save_safetensors(make_arrays(), folder)

    return make


SOUND = {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}
BREACHES = {
    "name": (_with(train__feature__x=np.ones((4, 1))), r"array called 'train/feature/x', expected \["),
    "rows": (_with(train__features__x=np.ones((3, 1))), r"features/x has shape \(3, 1\), expected \(4"),
    "axes": (_with(train__features__x=np.ones(4)), r"features/x has shape \(4,\), expected \(samples"),
    "text": (_with(train__features__x=np.array([["a"]] * 4)), r"type <U1, expected numbers"),
    "label axes": (_with(train__labels__x=np.ones((4, 2))), r"labels/x has shape \(4, 2\), expected"),
    "frames": (_with(train__frames=np.array([0, 1, 2, 9])), r"frames holds 0 to 9, expected 1 to the 5"),
    "present": (_with(train__present__x=np.ones(4) > 0), r"present/x without train/features/x"),
    "no features": (_with(val__group=np.arange(4)), r"it holds no val/features"),
    "mixed": (_with(features__x=np.ones((4, 1))), r"samples with and without a split"),
    "empty": (lambda folder: save_npz({}, folder), r"it holds no arrays"),
    "objects": (_objects, r"is of type object, expected numbers or text; objects could run code"),
    "false size": (_false_size, r"claims shape \(1000000000000, 5\) of float32, which are not"),
    "bomb": (_bomb, r"bytes expand to 314,572,800, over 20 times as many; save it uncompressed"),
    "no zip": (_no_zip, r"not a whole \.npz file \(File is not a zip file\); save the data again"),
    "foreign": (_foreign, r"a file 'readme\.txt' that is no array"),
    "short": (_header(SOUND, b"12"), r"it ends before its array 'features/a' does"),
    "bytes": (
        _header({**SOUND, "shape": [1, 2]}, b"1234"),
        r"claims shape \(1, 2\) of F32, which are not the 4 bytes",
    ),
    "type": (_header({**SOUND, "dtype": "F8_E5M2"}), r"malformed header, expected a type of"),
    "shape": (_header({**SOUND, "shape": [-1, -1]}), r"malformed header"),
    "huge": (_header({**SOUND, "shape": [2**40, 2**40]}, b"1234"), r"claims shape"),
    "twice": (_header(SOUND, b"1234", ', "features/a": {}'), r"its header names something twice"),
    "overlap": (
        _header(SOUND, b"12345678", ', "features/b": ' + json.dumps(SOUND)),
        r"the array 'features/b' lies over another",
    ),
    "json": (_beside("[1"), r"data\.json is not JSON"),
    "json parts": (_beside('{"train": {"groups": []}}'), r"holds 'train/groups', expected SPLIT/group"),
    "json numbers": (
        _beside('{"train": {"labels": {"x_score": ["a"]}}}'),
        r"train/labels/x_score is not a list of numbers and nulls",
    ),
    "json twice": (
        _beside('{"train": {"labels": {"overall_score": [1, 1, 1, 1]}}}'),
        r"stands in it and in the JSON beside it",
    ),
    "nowhere": (lambda folder: folder / "nix.npz", r"no such file: .*nix\.npz"),
    "nowhere at all": (lambda folder: folder / "nix.safetensors", r"no such file: "),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_told(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    """What was got, what was expected, and how to mend it, in one line."""
    with pytest.raises(DataError, match=message) as error:
        array_files.load(make(tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("saver", SAVERS)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    tmp_path: Path, saver: Callable[[Arrays, Path], Path], data: st.DataObject
) -> None:
    """Cut off anywhere, or with any bytes changed: a value or a DataError, nothing else."""
    path = saver(make_arrays(), tmp_path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        assert isinstance(array_files.load(path), dict | list)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - whichever of the two comes is right


def _dataset(folder: Path) -> tuple[Path, Schema]:
    rng = np.random.default_rng(0)

    def sample(index: int) -> dict[str, Any]:
        features: dict[str, Any] = {
            "audio": rng.normal(size=(3 + index % 3, 2)).astype(np.float32),
            "sync": rng.normal(size=2).astype(np.float32),
        }
        features["audio"][0, 0] = np.nan
        if index % 2:
            del features["sync"]
        labels = {"overall_score": 0.1 * index if index else -1.0}
        return {"features": features, "labels": labels, "group": f"g{index}"}

    raw = {name: [sample(i) for i in range(5)] for name in ("train", "val", "test")}
    path = folder / "source.pkl"
    path.write_bytes(pickle.dumps(raw))
    return path, load_dataset(str(path), DataConfig()).schema


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".safetensors"])
def test_a_data_set_is_the_same_in_every_layout(tmp_path: Path, suffix: str) -> None:
    """Ragged clips, absent streams, NaN, missing labels and groups survive."""
    source, schema = _dataset(tmp_path)
    before = load_dataset(str(source), DataConfig())
    write(before, tmp_path / f"copy{suffix}")
    after = load_dataset(str(tmp_path / f"copy{suffix}"), DataConfig())
    assert after.schema == schema
    for name, split in before.splits.items():
        assert after.splits[name].groups == split.groups
        np.testing.assert_array_equal(after.splits[name].labels, split.labels)
        for stream, samples in split.features.items():
            for old, new in zip(samples, after.splits[name].features[stream], strict=True):
                np.testing.assert_array_equal(np.array(new), np.array(old))
    assert not list(tmp_path.glob("*.part"))


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    source, _ = _dataset(tmp_path)
    with pytest.raises(ConfigError, match=r"ends in '\.csv', expected one of \.pkl, \.npz, "):
        write(load_dataset(str(source), DataConfig()), tmp_path / "copy.csv")
