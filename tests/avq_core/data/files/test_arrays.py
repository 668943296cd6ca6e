"""Files of plain arrays: read into the samples of a pickle, with one line of error for each breach."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from avq_core.data.files import arrays as array_files
from avq_core.errors import DataError

Arrays = dict[str, Any]


def make_arrays(split: str = "train/") -> Arrays:
    """Four samples: two streams, one label, different lengths, a stream that one sample lacks."""
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
    """Samples have their real frames only, and only the streams that they have."""
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
    """Such a file is of samples to predict."""
    samples = array_files.load(saver(make_arrays(""), tmp_path))
    assert isinstance(samples, list)
    assert len(samples) == 4


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", "i2", "?"])
def test_npz_arrays_of_any_number_type_are_read(tmp_path: Path, dtype: str) -> None:
    """In any byte order and either order of axes."""
    values = np.asfortranarray(np.arange(12).reshape(4, 3).astype(dtype))
    path = save_npz({"train/features/sync": values}, tmp_path)
    samples = array_files.load(path)["train"]  # type: ignore[call-overload]
    np.testing.assert_array_equal(np.stack([s["features"]["sync"] for s in samples]), values)


def test_groups_are_names_or_numbers(tmp_path: Path) -> None:
    """In .npz they are an array of text."""
    arrays = {**make_arrays(), "train/group": np.array(["a", "b", "b", "ü"])}
    samples = array_files.load(save_npz(arrays, tmp_path))["train"]  # type: ignore[call-overload]
    assert [sample["group"] for sample in samples] == ["a", "b", "b", "ü"]


def test_bfloat16_tensors_become_float32(tmp_path: Path) -> None:
    """A bfloat16 is the upper half of a float32, so no value changes."""
    values = np.array([[1.5], [-2.0]], np.float32)
    header = {"features/a": {"dtype": "BF16", "shape": [2, 1], "data_offsets": [0, 4]}}
    raw = json.dumps(header).encode()
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = tmp_path / "half.safetensors"
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + halves)
    samples = array_files.load(path)
    assert [sample["features"]["a"].tolist() for sample in samples] == [[1.5], [-2.0]]  # type: ignore[index]


def test_safetensors_have_their_text_in_a_json_file(tmp_path: Path) -> None:
    """Groups, and labels with null where missing, are read from it."""
    path = save_safetensors({"train/features/sync": np.ones((2, 3), np.float32)}, tmp_path)
    beside = {"train": {"group": ["a", "b"], "labels": {"overall_score": [0.5, None]}}}
    path.with_suffix(".json").write_text(json.dumps(beside))
    samples = array_files.load(path)["train"]  # type: ignore[call-overload]
    assert [sample["group"] for sample in samples] == ["a", "b"]
    np.testing.assert_equal([s["labels"]["overall_score"] for s in samples], [0.5, np.nan])


def test_a_sample_may_have_no_group(tmp_path: Path) -> None:
    """It has empty text in an array, and null in JSON."""
    arrays = {**make_arrays(), "train/group": np.array(["a", "", "b", ""])}
    npz = array_files.load(save_npz(arrays, tmp_path))
    path = save_safetensors(make_arrays(), tmp_path)
    path.with_suffix(".json").write_text('{"train": {"group": ["a", null, "b", null]}}')
    for content in (npz, array_files.load(path)):
        samples = content["train"]  # type: ignore[call-overload]
        assert [sample.get("group") for sample in samples] == ["a", None, "b", None]


def test_the_json_of_samples_without_a_split_has_no_split(tmp_path: Path) -> None:
    """Groups and labels are at the top level, as in the names of the tensors."""
    path = save_safetensors({"features/sync": np.ones((2, 3), np.float32)}, tmp_path)
    beside = {"group": ["a", "b"], "labels": {"overall_score": [0.5, 1]}}
    path.with_suffix(".json").write_text(json.dumps(beside))
    samples = array_files.load(path)
    assert [sample["group"] for sample in samples] == ["a", "b"]  # type: ignore[index]
    assert [sample["labels"] for sample in samples] == [  # type: ignore[index]
        {"overall_score": 0.5},
        {"overall_score": 1},
    ]


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


def _lzma(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("train/features/a.npy", bytes(100))
    return folder / "data.npz"


def _head(text: str) -> Callable[[Path], Path]:
    """A file with one array, whose header is this text."""

    def make(folder: Path) -> Path:
        raw = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + b"1234"
        with zipfile.ZipFile(folder / "data.npz", "w") as archive:
            archive.writestr("train/features/a.npy", raw)
        return folder / "data.npz"

    return make


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


def test_an_array_that_python_2_wrote_is_read(tmp_path: Path) -> None:
    """NumPy's warning about such headers, which would be an error here, is suppressed."""
    make = _head("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L)}")
    samples = array_files.load(make(tmp_path))["train"]  # type: ignore[call-overload]
    assert samples[0]["features"]["a"].shape == (1,)


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
    "twice": (_header(SOUND, b"1234", ', "features/a": {}'), r"its header has the same name twice"),
    "overlap": (
        _header(SOUND, b"12345678", ', "features/b": ' + json.dumps(SOUND)),
        r"the array 'features/b' overlaps another",
    ),
    "json": (_beside("[1"), r"data\.json is not JSON"),
    "kind": (_header({**SOUND, "dtype": []}), r"malformed header"),
    "mapping": (_header({**SOUND, "shape": {}}, b"1234"), r"malformed header"),
    "empty and huge": (
        _header({**SOUND, "shape": [0, 2**61], "data_offsets": [0, 0]}),
        r"malformed header",
    ),
    "lzma": (_lzma, r"compressed in a way that numpy does not write, expected deflate or none"),
    "header": (_head("(" * 9000 + ")" * 900), r"not a whole \.npz file \("),
    "no character": (
        _with(train__group=np.frombuffer(b"\xff" * 16, "<U1")),
        r"train/group holds text that is not UTF-8; write it as str",
    ),
    "latin-1": (_with(train__group=np.array([b"\xfc"] * 4)), r"text that is not UTF-8"),
    "json split": (_beside('{"train": [1]}'), r"holds 'train', expected SPLIT/group"),
    "json group": (
        _beside('{"train": {"group": [true, null, 1, "a"]}}'),
        r"train/group holds a bool, expected names, whole numbers and nulls",
    ),
    "json text": (
        _beside('{"train": {"labels": {"x_score": "1234"}}}'),
        r"train/labels/x_score is not a list of numbers and nulls",
    ),
    "json huge": (
        _beside('{"train": {"labels": {"x_score": [1' + "0" * 400 + "]}}}"),
        r"train/labels/x_score holds a number of over 300 digits",
    ),
    "json parts": (_beside('{"train": {"groups": []}}'), r"holds 'train/groups', expected SPLIT/group"),
    "json numbers": (
        _beside('{"train": {"labels": {"x_score": ["a"]}}}'),
        r"train/labels/x_score is not a list of numbers and nulls",
    ),
    "json twice": (
        _beside('{"train": {"labels": {"overall_score": [1, 1, 1, 1]}}}'),
        r"is in it and in the JSON file beside it",
    ),
    "nowhere": (lambda folder: folder / "nix.npz", r"no such file: .*nix\.npz"),
    "nowhere at all": (lambda folder: folder / "nix.safetensors", r"no such file: "),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_an_error(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    """One line with what was got, what was expected, and how to correct it."""
    with pytest.raises(DataError, match=message) as error:
        array_files.load(make(tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("saver", SAVERS)
@settings(
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    tmp_path: Path, saver: Callable[[Arrays, Path], Path], data: st.DataObject
) -> None:
    """Truncated or with bytes changed, it gives a value or a DataError, nothing else."""
    path = saver(make_arrays(), tmp_path)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        assert isinstance(array_files.load(path), dict | list)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - whichever of the two comes is right
