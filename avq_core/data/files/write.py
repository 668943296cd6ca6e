"""Writes a data set to a file: `.pkl`, `.npz`, or `.safetensors` with a JSON file beside it.

Shapes: N samples, T frames of the longest sample of a split, D columns of a stream.
"""

import json
import math
import pickle
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
import numpy.typing as npt

from avq_core.data.dataset import NO_GROUP, Dataset, RawSplit, lengths, named_groups
from avq_core.data.files.read import as_samples
from avq_core.data.schema import LABEL_SUFFIX, Stream
from avq_core.errors import ConfigError
from avq_core.files import whole_binary_file, whole_file

SUFFIXES: Final = (".pkl", ".npz", ".safetensors")


def check_suffix(path: Path) -> None:
    """Raises a `ConfigError` unless the suffix names a format that can be written."""
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"{path} ends in {path.suffix!r}, expected one of {', '.join(SUFFIXES)}, which sets the "
            "format"
        )


def files(path: Path) -> tuple[Path, ...]:
    """All files that `write` creates for a path."""
    beside = path.suffix == ".safetensors"
    return (path, path.with_suffix(".json")) if beside else (path,)


def write(dataset: Dataset, path: Path) -> None:
    """Writes a data set, completely or not at all; `load_dataset` reads it back unchanged.

    Args:
        dataset: The data set; it is not changed.
        path: The file; its suffix sets the format.

    Raises:
        ConfigError: The suffix is unknown, or the file cannot be written.
    """
    check_suffix(path)
    if path.suffix == ".pkl":
        with whole_binary_file(path) as file:
            pickle.dump(as_samples(dataset), file, protocol=5)
    elif path.suffix == ".npz":
        arrays = {**dict(_arrays(dataset)), **{n: _Ready(g) for n, g in _groups(dataset)}}
        with whole_binary_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                # The size may exceed 32 bits, and zipfile must know that before it is written.
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array.make(), allow_pickle=False)
    else:
        beside: dict[str, dict[str, list[str]]] = {}
        for name, groups in _groups(dataset):
            split, _, part = name.partition("/")
            beside[split] = {part: groups.tolist()}
        # Both or neither, since old groups must not be read together with new tensors.
        with whole_binary_file(path) as file, whole_file(path.with_suffix(".json")) as text:
            json.dump(beside, text, indent=1)
            _write_tensors(dict(_arrays(dataset)), file)


_TYPES: Final = {"float32": "F32", "int32": "I32", "bool": "BOOL"}


def _write_tensors(arrays: dict[str, "_Array"], file: BinaryIO) -> None:
    """Writes array by array; the library's own writer holds the whole file in memory, twice."""
    # Wider types first, so that every array is aligned for its type.
    ordered = sorted(arrays.items(), key=lambda pair: -pair[1].dtype.itemsize)
    header, place = {}, 0
    for name, array in ordered:
        end = place + math.prod(array.shape) * array.dtype.itemsize
        header[name] = {
            "dtype": _TYPES[array.dtype.name],
            "shape": array.shape,
            "data_offsets": (place, end),
        }
        place = end
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    file.write(len(raw).to_bytes(8, "little") + raw)
    for _, array in ordered:
        # Not bound to a name, which would keep this array while the next one is made.
        file.write(array.make().astype(array.dtype.newbyteorder("<"), copy=False).data)


class _Array(Protocol):
    """An array that is made only when it is written, so that at most one is in memory twice."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def make(self) -> npt.NDArray[Any]: ...


class _Ready:
    """A small array that exists already."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self.array = np.ascontiguousarray(array)
        self.shape, self.dtype = self.array.shape, self.array.dtype

    def make(self) -> npt.NDArray[Any]:
        return self.array


@dataclass(frozen=True, kw_only=True, slots=True)
class _Padded:
    """A stream of a split, padded with NaN: (N, T, D), or (N, D) where clip-level."""

    split: RawSplit
    stream: Stream
    num_frames: int

    @property
    def shape(self) -> tuple[int, ...]:
        frames = (self.num_frames,) if self.stream.temporal else ()
        return (len(self.split), *frames, self.stream.dim)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def make(self) -> npt.NDArray[Any]:
        values = np.full(self.shape, np.nan, np.float32)
        for row, sample in zip(values, self.split.features[self.stream.name], strict=True):
            if sample is not None:
                row[: len(sample)] = sample
        return values


def _arrays(dataset: Dataset) -> Iterator[tuple[str, _Array]]:
    """All arrays of numbers, by name."""
    for name, split in dataset.splits.items():
        frames = lengths(split, dataset.schema)
        longest = int(frames.max())
        for stream in dataset.schema.streams:
            yield (
                f"{name}/features/{stream.name}",
                _Padded(split=split, stream=stream, num_frames=longest),
            )
            present = np.array([s is not None for s in split.features[stream.name]])
            if not present.all():
                yield f"{name}/present/{stream.name}", _Ready(present)
        for task, column in zip(dataset.schema.tasks, split.labels.T, strict=True):
            yield f"{name}/labels/{task}{LABEL_SUFFIX}", _Ready(column)
        if (frames < longest).any():
            yield f"{name}/frames", _Ready(frames)


def _groups(dataset: Dataset) -> Iterator[tuple[str, npt.NDArray[np.str_]]]:
    """The groups of every split, which are text; empty text for a sample without one."""
    for name, split in dataset.splits.items():
        if named_groups(split):
            names = ["" if group.startswith(NO_GROUP) else group for group in split.groups]
            yield f"{name}/group", np.array(names)
