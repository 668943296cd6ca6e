"""The restricted reader: the values that it reads, and that it runs nothing."""

import builtins
import collections
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avq_core.data.restricted_pickle import reader as safe_pickle
from avq_core.errors import DataError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def _load(tmp_path: Path, data: bytes) -> object:
    path = tmp_path / "data.pkl"
    path.write_bytes(data)
    return safe_pickle.load(path)


class _Calls:
    """Pickles as a call of the given function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_come_back_the_same(tmp_path: Path, protocol: int) -> None:
    """Containers, numbers, strings and bytes survive every protocol."""
    value = {"a": [1, 2.5, None, True], "b": ("x", b"\x00\xff", b""), "c": {1, 2}, 3: 2**80}
    assert _load(tmp_path, pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("core", [b"_core", b"core"], ids=["numpy2", "numpy1"])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.ones((2, 3, 4)).transpose(1, 0, 2),
        np.arange(16)[::2].reshape(2, 4)[:, ::2],
        np.zeros((0, 3), np.float16),
        np.array(3, ">i4"),
        np.arange(3, dtype=">f8"),
        np.array([True, False]),
        np.array(["a", "bcd", "ü"]),
        np.array([1, 2], np.uint64),
    ],
    ids=repr,
)
def test_arrays_come_back_the_same(
    tmp_path: Path, protocol: int, core: bytes, array: np.ndarray[Any, Any]
) -> None:
    """Arrays survive every protocol, under the module names of NumPy 1 and 2 alike."""
    data = pickle.dumps([array, array], protocol)
    if core == b"core" and protocol < 4:  # later protocols put the length before the name
        data = data.replace(b"numpy._core.", b"numpy.core.")
    elif core == b"core":
        for module in (b"multiarray", b"numeric"):
            new, old = b"numpy._core." + module, b"numpy.core." + module
            data = data.replace(bytes([len(new)]) + new, bytes([len(old)]) + old)
        data = _without_frames(data)
    first, second = _load(tmp_path, data)  # type: ignore[misc]
    np.testing.assert_array_equal(first, array)
    assert first.dtype == array.dtype.newbyteorder("=")
    assert first is second


def _without_frames(data: bytes) -> bytes:
    """Removes the optional lengths of frames, which a changed name makes wrong."""
    position = data.index(b"\x95", 2)
    return data[:position] + data[position + 9 :]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_come_back_as_python_values(tmp_path: Path, protocol: int) -> None:
    """A NumPy scalar becomes a Python number or string of the same value."""
    value = [np.float32(0.5), np.int64(-3), np.bool_(True), np.str_("ab"), np.float64("nan")]
    *loaded, nan = _load(tmp_path, pickle.dumps(value, protocol))  # type: ignore[misc]
    assert loaded == [0.5, -3, True, "ab"]
    assert [type(item) for item in loaded] == [float, int, bool, str]
    assert nan != nan  # noqa: PLR0124


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=hnp.arrays(
        st.one_of(
            hnp.boolean_dtypes(),
            hnp.integer_dtypes(endianness="?"),
            hnp.unsigned_integer_dtypes(endianness="?"),
            hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
            hnp.unicode_string_dtypes(max_len=5),
        ),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    ),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_any_plain_array_comes_back(
    tmp_path: Path, array: np.ndarray[Any, Any], protocol: int
) -> None:
    """Values and shape are kept, whatever type, shape and byte order."""
    loaded = _load(tmp_path, pickle.dumps({"x": [array]}, protocol))["x"][0]  # type: ignore[index]
    np.testing.assert_array_equal(loaded, array)
    assert loaded.shape == array.shape


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), protocol=st.sampled_from([0, 2, 5]))
def test_damaged_bytes_are_read_or_refused_but_never_crash(
    tmp_path: Path, data: st.DataObject, protocol: int
) -> None:
    """With any byte changed the reader gives a value or an error of one line."""
    whole = bytearray(pickle.dumps([np.arange(4.0), {"a": np.float32(1)}, "text"], protocol))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] = data.draw(st.integers(0, 255))
    try:
        _load(tmp_path, bytes(whole))
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("call", "name"),
    [
        ((os.system, "touch ran"), "system"),
        ((builtins.eval, "open('ran', 'w')"), "builtins.eval"),
        ((builtins.getattr, "", "join"), "builtins.getattr"),
        ((collections.deque, [1]), "collections.deque"),
        ((np.frombuffer, b"12"), "frombuffer"),
        ((np.load, "x.npy"), "load"),
    ],
)
def test_a_call_is_refused_by_name_and_not_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    protocol: int,
    call: tuple[Any, ...],
    name: str,
) -> None:
    """A pickle that calls a function is refused, with its name and what to do, before it runs."""
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({"train": [_Calls(*call)]}, protocol)
    with pytest.raises(
        DataError, match=rf"{name}.*refused; expected only containers.*(convert|do not open)"
    ):
        _load(tmp_path, data)
    assert not (tmp_path / "ran").exists()


def test_a_nested_name_is_refused(tmp_path: Path) -> None:
    """Dots in a name do not give access to attributes of an allowed module."""
    data = b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93."
    with pytest.raises(DataError, match=r"numpy\.dtype\.__init__.*refused"):
        _load(tmp_path, data)


def test_copyreg_is_refused(tmp_path: Path) -> None:
    """Old protocols build objects of any class through copyreg, so it is refused."""
    with pytest.raises(DataError, match=r"copy_?reg\._reconstructor.*refused"):
        _load(tmp_path, pickle.dumps(collections.UserList([1]), 0))


def test_the_error_says_how_to_convert_other_libraries_values(tmp_path: Path) -> None:
    """For a sparse tensor it names the method to call."""
    with pytest.raises(DataError, match=r"torch\._utils.*convert tensors with \.numpy\(\)"):
        _load(tmp_path, b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n.")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x93NUMPY\x01", "a single .npy array; save all arrays by name"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, start: bytes, kind: str) -> None:
    """The error also says what to do about it."""
    with pytest.raises(DataError, match=rf"was not read: it is {kind}"):
        _load(tmp_path, start + bytes(100))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1, "a"], object), "array of objects, .*expected bool, int, float or str"),
        (np.zeros(2, [("a", "f4")]), "array of type 'V4'"),
        (np.zeros(2, complex), "array of type 'c16'"),
        (np.zeros(2, "M8[s]"), "array of type 'M8'"),
    ],
    ids=["object", "structured", "complex", "datetime"],
)
def test_other_arrays_are_refused(
    tmp_path: Path, protocol: int, array: np.ndarray[Any, Any], message: str
) -> None:
    """Arrays that are not of plain values are refused because of their type."""
    with pytest.raises(DataError, match=message):
        _load(tmp_path, pickle.dumps(array, protocol))


def test_a_shape_that_does_not_fit_the_bytes_is_refused(tmp_path: Path) -> None:
    """The array is not made, so that no memory outside the file's bytes can be read."""
    data = pickle.dumps(np.arange(3, dtype=np.float32), 4)
    assert data.count(b"K\x03\x85") == 1
    with pytest.raises(DataError, match=r"shape \(255,\) and type float32 with 12 bytes"):
        _load(tmp_path, data.replace(b"K\x03\x85", b"K\xff\x85"))


@pytest.mark.parametrize(
    "build",
    [b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"cnumpy._core.multiarray\nscalar\n"],
)
def test_the_reader_cannot_be_altered(tmp_path: Path, build: bytes) -> None:
    """Setting the state of a name, which could change a function permanently, is refused."""
    with pytest.raises(DataError, match="sets the state of an object that is no array"):
        _load(tmp_path, b"\x80\x02" + build + b"N}X\x05\x00\x00\x00_callK\x01s\x86b.")


def test_a_type_in_place_of_data_is_refused(tmp_path: Path) -> None:
    """A name alone is not data."""
    with pytest.raises(DataError, match="a type or a function in place of data"):
        _load(tmp_path, pickle.dumps([np.dtype("f4")], 4))


def test_repeated_tuples_are_walked_once(tmp_path: Path) -> None:
    """A file of a few hundred bytes cannot cause 2**60 visits."""
    value: Any = (1,)
    for _ in range(60):
        value = (value, value)
    assert isinstance(_load(tmp_path, pickle.dumps(value)), tuple)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    """Nesting has a limit, and the error is one line."""
    with pytest.raises(DataError, match="nested deeper than 100"):
        _load(tmp_path, b"\x80\x02" + b"]" * 500 + b"a" * 499 + b".")


def test_a_list_that_holds_itself_comes_back(tmp_path: Path) -> None:
    """Cycles do not lead to endless recursion."""
    value: list[Any] = []
    value.append(value)
    loaded: Any = _load(tmp_path, pickle.dumps(value))
    assert loaded[0] is loaded


@pytest.mark.parametrize(
    "data",
    [
        b"hello, world",
        pickle.dumps([1, 2, 3])[:-3],
        pickle.dumps(np.arange(100.0))[:200],
        b"\x80\x04\xf0.",
        b"\x80\x04h\x00.",
        b"\x80\x04t.",
        b"\x80\x04R.",
        b"\x80\x04N}s.",
        b"I12",
        b"Sunquoted\n.",
        b"\x80\x04\x8e" + struct.pack("<Q", 2**50) + b".",
        b"\x80\x05\x96" + struct.pack("<Q", 2**34) + b".",
        b"\x80\x04\x95" + struct.pack("<Q", 2**34) + b"N.",
        b"\x80\x02Nr\xff\xff\xff\x7f.",
        b"Np999999999\n.",
    ],
    ids=repr,
)
def test_an_incomplete_pickle_is_an_error(tmp_path: Path, data: bytes) -> None:
    """Text, a truncated file, an empty stack, lengths beyond the file: one line that says what to do."""
    with pytest.raises(DataError, match=r"is not a whole pickle \(.+\); save the data again") as e:
        _load(tmp_path, data)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "dtype",
    [
        "float64",
        "float32",
        "float16",
        "bfloat16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "bool",
    ],
)
def test_torch_tensors_come_back_as_arrays(tmp_path: Path, protocol: int, dtype: str) -> None:
    """Values, shape and type are kept; bfloat16 becomes float32, which represents it exactly."""
    tensor = torch.arange(24).reshape(4, 6).to(getattr(torch, dtype))
    loaded: Any = _load(tmp_path, pickle.dumps({"x": tensor}, protocol))
    expected = tensor.float() if dtype == "bfloat16" else tensor
    np.testing.assert_array_equal(loaded["x"], expected.numpy())
    assert loaded["x"].dtype == expected.numpy().dtype


def test_tensors_of_one_storage_parameters_and_empty_ones_come_back(tmp_path: Path) -> None:
    """Slices, transposes and scalars, with and without gradients."""
    whole = torch.arange(12.0).reshape(3, 4)
    values = {
        "slice": whole[1:, ::2],
        "transposed": whole.T,
        "scalar": whole[2, 3],
        "empty": whole[:0],
        "parameter": torch.nn.Parameter(whole),
    }
    loaded: Any = _load(tmp_path, pickle.dumps(values))
    for name, tensor in values.items():
        np.testing.assert_array_equal(loaded[name], tensor.detach().numpy())


def test_tensors_are_read_without_torch(tmp_path: Path) -> None:
    """Reading neither runs nor imports any of it."""
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(torch.ones(3)))
    script = (
        "import sys; from pathlib import Path; from avq_core.data.restricted_pickle import reader as safe_pickle\n"
        "print(safe_pickle.load(Path(sys.argv[1])).tolist(), 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data.pkl")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[1.0, 1.0, 1.0] False\n"


@pytest.mark.slow
def test_a_file_of_very_many_small_arrays_is_read(tmp_path: Path) -> None:
    """The limit on memory leaves room for valid small values."""
    features = {f"s{i}": np.array([1.0, 2.0], np.float32) for i in range(6)}
    samples = [{"features": {n: a.copy() for n, a in features.items()}} for _ in range(20_000)]
    assert len(_load(tmp_path, pickle.dumps(samples))) == 20_000  # type: ignore[arg-type]


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    """The error of a path that cannot be opened gives the reason."""
    with pytest.raises(DataError, match=r"no such file: .*nix\.pkl; name a data file, or `demo`"):
        safe_pickle.load(tmp_path / "nix.pkl")
    with pytest.raises(DataError, match=r"cannot read .*directory"):
        safe_pickle.load(tmp_path)
