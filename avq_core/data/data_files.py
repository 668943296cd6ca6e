"""A data set as a file: `.pkl`, `.npz`, or `.safetensors` with a JSON file beside it.

Shapes: N samples, T frames of a split's longest, D columns of a stream.
"""

import json
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.data.dataset import Dataset, RawSplit, as_samples, lengths, named_groups
from avq_core.data.schema import LABEL_SUFFIX, Schema, Stream
from avq_core.errors import ConfigError
from avq_core.files import whole_binary_file, whole_file

SUFFIXES: Final = (".pkl", ".npz", ".safetensors")


def check_suffix(path: Path) -> None:
    """Raises a `ConfigError` unless a data set can be written under such a name."""
    if path.suffix not in SUFFIXES:
        raise ConfigError(
            f"{path} ends in {path.suffix!r}, expected one of {', '.join(SUFFIXES)}, which say how "
            "to write it"
        )


def write(dataset: Dataset, path: Path) -> None:
    """Writes a data set, whole or not at all; `load_dataset` reads the same from it.

    Args:
        dataset: Left as it is.
        path: Its suffix says how.

    Raises:
        ConfigError: An unknown suffix, or a file that cannot be written.
    """
    check_suffix(path)
    if path.suffix == ".pkl":
        with whole_binary_file(path) as file:
            pickle.dump(as_samples(dataset), file, protocol=5)
        return
    if path.suffix == ".npz":
        arrays = [*_arrays(dataset), *_texts(dataset)]
        with whole_binary_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, make in arrays:
                # Large arrays: the size is not known to fit 32 bits before it is written.
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, make(), allow_pickle=False)
        return
    from safetensors.numpy import save

    with whole_binary_file(path) as file:
        file.write(save({name: make() for name, make in _arrays(dataset)}))
    beside: dict[str, Any] = {name: {} for name in dataset.splits}
    for name, make in _texts(dataset):
        split, _, part = name.partition("/")
        beside[split][part] = make().tolist()
    with whole_file(path.with_suffix(".json")) as text:
        json.dump(beside, text, indent=1)


class _Array:
    """An array that is made when it is written, so that one at a time is there twice."""

    def __init__(self, split: RawSplit, stream: Stream, schema: Schema) -> None:
        self.split, self.stream, self.schema = split, stream, schema

    def __call__(self) -> npt.NDArray[Any]:
        samples = self.split.features[self.stream.name]
        frames = (int(lengths(self.split, self.schema).max()),) if self.stream.temporal else ()
        values = np.full((len(samples), *frames, self.stream.dim), np.nan, np.float32)
        for row, sample in zip(values, samples, strict=True):
            if sample is not None:
                row[: len(sample)] = sample
        return values


def _arrays(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Names and makers of all arrays of numbers."""
    for name, split in dataset.splits.items():
        for stream in dataset.schema.streams:
            yield f"{name}/features/{stream.name}", _Array(split, stream, dataset.schema)
            present = np.array([s is not None for s in split.features[stream.name]])
            if not present.all():
                yield f"{name}/present/{stream.name}", present.copy
        for task, column in zip(dataset.schema.tasks, split.labels.T, strict=True):
            yield f"{name}/labels/{task}{LABEL_SUFFIX}", np.ascontiguousarray(column).copy
        frames = lengths(split, dataset.schema)
        if (frames < frames.max()).any():
            yield f"{name}/frames", frames.copy


def _texts(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Names and makers of what no tensor can hold."""
    for name, split in dataset.splits.items():
        if len(named_groups(split)) == len(split):
            yield f"{name}/group", np.array(split.groups).copy
