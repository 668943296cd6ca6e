"""Reads a data set from a file or from the demo set, and validates it.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from avq_core.config.data import SPLITS, DataConfig
from avq_core.data.dataset import NO_GROUP, NO_TEST, Dataset, FloatArray, RawSplit
from avq_core.data.files import arrays as array_files
from avq_core.data.files.by_split import FILE, samples_by_split
from avq_core.data.files.contract import read_features, read_labels, read_schema
from avq_core.data.files.layout import Names, shown
from avq_core.data.files.stacked import is_stacked
from avq_core.data.restricted_pickle import reader as safe_pickle
from avq_core.data.schema import LABEL_SUFFIX, Schema
from avq_core.errors import DataError

DEMO: Final = "demo"
"""Names the built-in demo set in place of a file."""
DEFAULT_PATH: Final = Path("datasets/ac.pkl")
"""The user's own file, read if no other is named."""


def default_source() -> str:
    """The data to read if none is named: `datasets/ac.pkl` if it exists, else `demo`."""
    return str(DEFAULT_PATH) if DEFAULT_PATH.is_file() else DEMO


def load_dataset(source: str, config: DataConfig) -> Dataset:
    """Reads a data set; its train split sets the schema that all splits must follow.

    Args:
        source: A path (pickle, .npz or .safetensors), or `demo`.
        config: The file's names, the valid label ranges, and the value of a missing label.

    Returns:
        The splits; test only where the file has one with labels. Arrays share the memory that the file was read into.

    Raises:
        DataError: The file cannot be read, or breaks the data contract. The message names the
            split and the sample, what was got and what was expected.
    """
    if source == DEMO:
        from avq_core.data.synthetic import make_demo

        return make_demo()
    content, names = _read(Path(source)), Names(config)
    if not isinstance(content, dict):
        raise DataError(f"{source} holds a {type(content).__name__}, expected {FILE}")
    file_names = {name: names.split(name, content) for name in SPLITS}
    if "test" not in config.splits and file_names["test"] not in content:
        del file_names["test"]
    raw, config, notes, ignored = samples_by_split(
        content, file_names, names, config, source, needs_labels=True
    )
    schema = read_schema(raw["train"], names, f"{source}: train")
    names.check_used(raw["train"], f"{source}: train", ignored=ignored)
    for task in config.label_ranges:
        if task not in schema.tasks:
            raise DataError(
                f"`layout` gives a label range of {task!r}, but the tasks of {source} are "
                f"{shown(schema.tasks)}"
            )
    splits = {
        name: _read_split(
            samples, f"{source}: {name}", name, schema, config, needs_labels=name != "test"
        )
        for name, samples in raw.items()
    }
    _check_usable(schema, splits, source)
    if "test" in splits and not np.isfinite(splits["test"].labels).any():
        del splits["test"]
    if "test" not in splits:
        notes = (*notes, f"{NO_TEST}, so metrics on test will be missing")
    return Dataset(schema=schema, splits=splits, notes=notes)


def load_samples(
    source: str,
    schema: Schema,
    config: DataConfig,
    *,
    on_note: Callable[[str], None] | None = None,
) -> dict[str, RawSplit]:
    """Reads samples to predict; they need no labels.

    Args:
        source: A file with a list of samples, or with `{split: [samples]}` under any split names; or
            `demo`.
        schema: The raw schema that the model was trained on.
        config: The file's names, the valid label ranges, and the value of a missing label.
        on_note: Called with a line on each choice in how the file was read.

    Returns:
        Split name to samples; a plain list is called `samples`.

    Raises:
        DataError: The file cannot be read, or its streams are not the schema's.
    """
    if source == DEMO:
        content: object = as_samples(load_dataset(source, config))
    else:
        content = _read(Path(source))
    is_list = isinstance(content, list | tuple)
    if is_list:
        content = {"samples": content}
    if not isinstance(content, dict) or not content:
        got = type(content).__name__ if content else "nothing"
        raise DataError(f"{source} holds {got}, expected a list of samples, or {FILE}")
    if not is_list and is_stacked(content):
        content = {"samples": content}
    theirs = {str(name): name for name in content}
    raw, config, notes, _ = samples_by_split(
        content, theirs, Names(config), config, source, needs_labels=False
    )
    for note in notes:
        if on_note is not None:
            on_note(note)
    return {
        str(name): _read_split(
            raw[str(name)],
            f"{source}: {name}",
            str(name),
            schema,
            config,
            needs_labels=False,
        )
        for name in content
    }


def _read(path: Path) -> object:
    """The content of a file: arrays by name or a pickle, depending on its suffix."""
    return array_files.load(path) if array_files.reads(path) else safe_pickle.load(path)


def _check_usable(schema: Schema, splits: Mapping[str, RawSplit], source: str) -> None:
    """Checks that train and val can be used: a label for every task, every stream in some sample."""
    for name in ("train", "val"):
        for task, column in zip(schema.tasks, splits[name].labels.T, strict=True):
            if np.isnan(column).all():
                raise DataError(
                    f"{source}: task {task!r} has no valid label in split {name!r}, expected at "
                    "least one; leave the task out (`ignore` of `layout`), or move labelled "
                    "samples there"
                )
    for stream, samples in splits["val"].features.items():
        if all(sample is None for sample in samples):
            raise DataError(
                f"{source}: no val sample has the stream {stream!r}; correct its name, or leave it "
                "out (`ignore` of `layout`)"
            )


def _read_split(
    samples: Sequence[object],
    where: str,
    name: str,
    schema: Schema,
    config: DataConfig,
    *,
    needs_labels: bool,
) -> RawSplit:
    names = Names(config)
    features: dict[str, list[FloatArray | None]] = {stream.name: [] for stream in schema.streams}
    labels: list[list[float]] = []
    groups: list[str] = []
    for index, candidate in enumerate(samples):
        place = f"{where} sample {index}"
        sample = names.sample(candidate, place, needs_labels=needs_labels)
        arrays = read_features(sample.features, schema, config, place)
        for column, array in zip(features.values(), arrays, strict=True):
            column.append(array)
        labels.append(read_labels(sample.labels, schema.tasks, config, place))
        groups.append(_group(sample.group, name, index, place))
    return RawSplit(
        features=features,
        labels=np.array(labels, np.float32).reshape(len(samples), len(schema.tasks)),
        groups=groups,
    )


def _group(group: object, split: str, index: int, where: str) -> str:
    if group is None:
        return f"{NO_GROUP}{split} {index})"
    if isinstance(group, bytes):
        try:
            return group.decode()
        except UnicodeDecodeError:
            raise DataError(
                f"{where}: group is bytes that are not UTF-8; write it as str"
            ) from None
    if isinstance(group, bool) or not isinstance(group, str | int):
        raise DataError(
            f"{where}: group is a {type(group).__name__}, expected a name or a number, such as "
            "'/'.join(map(str, group)) of several parts"
        )
    return str(group)


def as_samples(dataset: Dataset) -> dict[str, list[dict[str, object]]]:
    """A data set in the layout of `ac.pkl`, with -1.0 for a missing label."""
    names = [f"{task}{LABEL_SUFFIX}" for task in dataset.schema.tasks]

    def sample(split: RawSplit, row: int) -> dict[str, object]:
        features = {name: samples[row] for name, samples in split.features.items()}
        labels = [-1.0 if math.isnan(label) else float(label) for label in split.labels[row]]
        group = split.groups[row]
        return {
            "features": {name: array for name, array in features.items() if array is not None},
            "labels": dict(zip(names, labels, strict=True)),
            **({} if group.startswith(NO_GROUP) else {"group": group}),
        }

    return {
        name: [sample(split, row) for row in range(len(split))]
        for name, split in dataset.splits.items()
    }
