"""Files that are no pickles of plain values: what they are, where it is, and code that converts them."""

import bz2
import collections
import gzip
import io
import json
import lzma
import os
import pickle
import sys
import tracemalloc
import types
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import scipy.io
import torch

from avq_core.config.data import DataConfig
from avq_core.data.files.read import load_dataset
from avq_core.data.restricted_pickle import reader
from avq_core.data.restricted_pickle.named import first_command, is_data
from avq_core.errors import DataError


class DataFrame:
    """A table of pandas, as far as the conversion sees it."""

    __module__ = "pandas.core.frame"

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self.values = values

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """As pandas calls it."""
        return self.values


def make_file(wrap: Callable[[np.ndarray[Any, Any]], Any] = lambda array: array) -> dict[str, Any]:
    """A small data set, each stream's array wrapped."""
    rng = np.random.default_rng(0)
    return {
        name: [
            {
                "features": {"audio": wrap(rng.normal(size=(4, 3)).astype(np.float32))},
                "labels": {"overall_score": 0.1 * i},
                "group": f"{name}{i}",
            }
            for i in range(3)
        ]
        for name in ("train", "val", "test")
    }


@pytest.fixture(autouse=True)
def pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of that name, which the tests do without."""
    for name in ("pandas", "pandas.core", "pandas.core.frame"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(sys.modules["pandas.core.frame"], "DataFrame", DataFrame, raising=False)


def dumped(value: object, protocol: int = 4) -> bytes:
    return pickle.dumps(value, protocol)


def with_joblib(**options: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(make_file(), file, **options)
    return file.getvalue()


def with_torch() -> bytes:
    file = io.BytesIO()
    torch.save(make_file(torch.from_numpy), file)
    return file.getvalue()


def with_scipy() -> bytes:
    def split(start: int) -> dict[str, Any]:
        rng = np.random.default_rng(start)
        return {"audio": rng.normal(size=(5, 4, 3)), "regression_labels": rng.uniform(-3, 3, 5)}

    file = io.BytesIO()
    scipy.io.savemat(file, {name: split(i) for i, name in enumerate(("train", "val", "test"))})
    return file.getvalue()


def with_defaultdict() -> bytes:
    data = make_file()
    for split in data.values():
        for sample in split:
            sample["labels"] = collections.defaultdict(float, sample["labels"])
    return dumped(collections.defaultdict(list, data))


def with_objects() -> bytes:
    data = make_file()
    for split in data.values():
        for index, sample in enumerate(split):
            sample["note"] = np.array([index, "words"], object)
    return dumped(data)


CONVERTED: dict[str, tuple[Callable[[], bytes], str]] = {
    "gzip": (lambda: gzip.compress(dumped(make_file())), "it is a gzip file"),
    "bzip2": (lambda: bz2.compress(dumped(make_file())), "it is a bzip2 file"),
    "xz": (lambda: lzma.compress(dumped(make_file())), "it is an xz file"),
    "joblib": (with_joblib, r"near train / 0 / features / audio it names 'joblib"),
    "joblib, zlib": (lambda: with_joblib(compress=3), "it is compressed by joblib or zlib"),
    "torch.save": (with_torch, "it is a file of torch.save"),
    "MATLAB": (with_scipy, "it is a MATLAB file"),
    "JSON": (lambda: json.dumps(make_file(lambda array: array.tolist())).encode(), "it is JSON"),
    "defaultdict": (with_defaultdict, "it names 'collections.defaultdict'"),
    "tables": (lambda: dumped(make_file(DataFrame)), r"near train / 0 / features / audio it names"),
    "objects": (with_objects, r"near train / 0 / note it holds a NumPy array of objects"),
}


@pytest.mark.parametrize("kind", CONVERTED)
def test_the_code_in_the_error_makes_a_file_that_is_read(kind: str, tmp_path: Path) -> None:
    """It is pasted from the message as it is; the error itself is one line."""
    make, message = CONVERTED[kind]
    path = tmp_path / "their data.pkl"
    path.write_bytes(make())
    with pytest.raises(DataError, match=message) as error:
        load_dataset(str(path), DataConfig())
    text = str(error.value)
    assert "\n" not in text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the interpreter closes the files
        exec(text.partition("convert it once with: ")[2], {})  # noqa: S102 - what a user does
    dataset = load_dataset(str(tmp_path / "their data.plain.pkl"), DataConfig())
    assert len(dataset.splits["train"]) in (3, 5)
    assert dataset.schema.streams[0].dim == 3


def _zip_of(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pkl", b"", "it is empty; copy or download it again"),
        ("a.csv", b"a,b\n1,2\n", "it is a table, which has no frames"),
        ("a.pkl", b"PAR1....", "it is a Parquet file, a table"),
        (
            "a.pkl",
            b"version https://git-lfs.github.com/spec/v1\n",
            "Git LFS pointer .*git lfs pull",
        ),
        ("a.pkl", b"<!DOCTYPE html><html>", "it is a web page that was saved in place of the data"),
        ("a.pkl", b"<HTML>", "it is a web page"),
        ("a.pkl", b"[{}]", "it is JSON of a list"),
        ("a.pkl", b"\x28\xb5\x2f\xfd", "it is a zstd file"),
        ("a.pkl", b"\x89HDF\r\n", "it is an HDF5 file; .*import h5py"),
        ("a.pkl", _zip_of("a.npy"), r"it is an \.npz file; give it a name that ends in \.npz"),
        ("a.pkl", _zip_of("a.txt"), "it is a zip file; unpack it first"),
        ("a.pkl", b"PK\x03\x04", "it is a damaged zip file"),
    ],
)
def test_what_cannot_be_converted_by_a_line_is_named(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    """With what to do instead."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        reader.load(path)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"a": {"b": {"c": collections.Counter("x")}}}, "near a / b / c it names"),
        ({"a": 1, "b": [1, 2, {"c": 3, "d": collections.Counter("x")}]}, "near b / 2 / d it names"),
        ([[0, 1], [{"a": 1, 7: collections.Counter("x")}, 5]], "near 1 / 0 / 7 it names"),
    ],
)
def test_the_place_of_what_is_refused_is_told(
    data: object, place: str, protocol: int, tmp_path: Path
) -> None:
    """Keys and places in lists, from the top."""
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(data, protocol))
    with pytest.raises(DataError, match=place):
        reader.load(path)


class _Called:
    """Pickles as a call, as attacks do."""

    def __init__(self, function: Callable[..., object], *args: object) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


class Clip:
    """Of a program of the user's."""


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"a": _Called(os.system, "true")}, r"it names 'posix\.system'"),
        ({"a": _Called(eval, "1")}, r"it names '(builtins|__builtin__)\.eval'"),
        ({"a": _Called(np.load, "a")}, r"it names 'numpy\.load'"),
        ({"a": Clip()}, r"Clip'|copy_?reg"),
        ([collections.Counter("x"), _Called(os.system, "true")], r"also names 'posix\.system'"),
        ([np.array(["x"], object), _Called(os.system, "true")], r"names 'posix\.system'"),
    ],
    ids=["command", "eval", "load", "class", "command behind data", "command behind objects"],
)
def test_no_code_is_offered_for_a_file_that_names_commands(
    data: object, named: str, protocol: int, tmp_path: Path
) -> None:
    """Whoever pasted it would run what the reader refused."""
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(data, protocol))
    with pytest.raises(DataError, match=named) as error:
        reader.load(path)
    text = str(error.value)
    assert "do not open the file with pickle" in text
    assert "pickle.load" not in text


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("collections", "defaultdict", True),
        ("pandas.core.frame", "DataFrame", True),
        ("numpy.random._pickle", "__randomstate_ctor", True),
        ("sklearn.utils._bunch", "Bunch", True),
        ("builtins", "set", True),
        ("builtins", "getattr", False),
        ("pathlib", "PosixPath", True),
        ("pathlib", "Path.unlink", False),
        ("numpy.testing._private.utils", "runstring", False),
        ("pandas", "read_pickle", False),
        ("numpystuff", "x", False),
        ("subprocess", "Popen", False),
        ("__main__", "Clip", False),
    ],
)
def test_only_names_of_known_libraries_are_data(module: str, name: str, expected: bool) -> None:
    """And of those not what does something."""
    assert is_data(module, name) is expected


def test_looking_for_commands_takes_no_memory_that_a_file_only_claims(tmp_path: Path) -> None:
    """A text that says that it is 1 GiB long, after a name of data, in a file of 30 bytes."""
    path = tmp_path / "claims.pkl"
    path.write_bytes(b"\x80\x04cpandas\nSeries\nB\x00\x00\x00\x40abc.")
    tracemalloc.start()
    assert first_command(path) is None
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_table_that_is_called_a_pickle_is_told_as_one(tmp_path: Path) -> None:
    """Nobody needs to know what a stack is."""
    path = tmp_path / "clips.pkl"
    path.write_text("name,mos\nclip 1,3.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"clips.pkl is text, such as CSV, .* numpy\.savez"):
        reader.load(path)
