"""A data set in memory, as its file holds it: validated, nothing imputed, nothing scaled.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from avq_core.config.data import SPLITS, DataConfig
from avq_core.data.dataset import NO_GROUP, Dataset, FloatArray, RawSplit
from avq_core.data.files import arrays as array_files
from avq_core.data.files.contract import read_features, read_labels, read_schema
from avq_core.data.files.layout import Names, shown
from avq_core.data.restricted_pickle import reader as safe_pickle
from avq_core.data.schema import LABEL_SUFFIX, Schema
from avq_core.errors import DataError

DEMO: Final = "demo"
"""The word that names the built-in demo set in place of a file."""
USUAL_PATH: Final = Path("datasets/ac.pkl")
"""Where the user's own file is looked for when none is named."""
_FILE: Final = "a dict {'train': [...], 'val': [...], 'test': [...]}"


def default_source() -> str:
    """The data when none is named: `datasets/ac.pkl` if it is there, else `demo`."""
    return str(USUAL_PATH) if USUAL_PATH.is_file() else DEMO


def load_dataset(source: str, config: DataConfig) -> Dataset:
    """Reads a file and holds it to the contract that its train split sets.

    Args:
        source: A path (pickle, .npz or .safetensors), or `demo`.
        config: What the file calls things, the valid labels, and what means a missing one.

    Returns:
        The three splits. Arrays share the memory that the file was read into.

    Raises:
        DataError: The file cannot be read, or breaks the contract: which split, which sample,
            what was got and what was expected.
    """
    if source == DEMO:
        from avq_core.data.synthetic import make_demo

        return make_demo()
    found, names = _read(Path(source)), Names(config)
    if not isinstance(found, dict):
        raise DataError(f"{source} holds a {type(found).__name__}, expected {_FILE}")
    raw = {name: _samples(found, names.split(name), source) for name in SPLITS}
    schema = read_schema(raw["train"], names, f"{source}: train")
    names.check_used(raw["train"], f"{source}: train")
    for task in config.label_ranges:
        if task not in schema.tasks:
            raise DataError(
                f"--layout gives a label range of {task!r}, but the tasks of {source} are "
                f"{shown(schema.tasks)}"
            )
    splits = {
        name: _read_split(samples, f"{source}: {name}", name, schema, config, needs_labels=True)
        for name, samples in raw.items()
    }
    _check_usable(schema, splits, source)
    return Dataset(schema=schema, splits=splits)


def load_samples(source: str, schema: Schema, config: DataConfig) -> dict[str, RawSplit]:
    """Reads samples to predict: labels are optional.

    Args:
        source: A file of a list of samples, or of `{split: [samples]}` with any names; or `demo`.
        schema: The raw schema that the model was fitted on.
        config: What the file calls things, the valid labels, and what means a missing one.

    Returns:
        Split name to samples; a bare list is called `samples`.

    Raises:
        DataError: The file cannot be read, or its streams are not the schema's.
    """
    if source == DEMO:
        found: object = as_samples(load_dataset(source, config))
    else:
        found = _read(Path(source))
    if isinstance(found, list | tuple):
        found = {"samples": found}
    if not isinstance(found, dict) or not found:
        got = type(found).__name__ if found else "nothing"
        raise DataError(f"{source} holds {got}, expected a list of samples, or {_FILE}")
    return {
        str(name): _read_split(
            _samples(found, name, source),
            f"{source}: {name}",
            str(name),
            schema,
            config,
            needs_labels=False,
        )
        for name in found
    }


def _read(path: Path) -> object:
    """What a file holds, by its suffix: arrays by name, else a pickle."""
    return array_files.load(path) if array_files.reads(path) else safe_pickle.load(path)


def _check_usable(schema: Schema, splits: Mapping[str, RawSplit], source: str) -> None:
    """A task without a label, or a stream that is never there, cannot be trained or judged by."""
    for name in ("train", "val"):
        for task, column in zip(schema.tasks, splits[name].labels.T, strict=True):
            if np.isnan(column).all():
                raise DataError(
                    f"{source}: task {task!r} has no valid label in split {name!r}, expected at "
                    "least one; leave the task out (`ignore` of --layout), or move labelled "
                    "samples there"
                )
    for stream, samples in splits["val"].features.items():
        if all(sample is None for sample in samples):
            raise DataError(
                f"{source}: no val sample has the stream {stream!r}; mend its name, or leave it "
                "out (`ignore` of --layout)"
            )


def _samples(found: Mapping[Any, Any], name: str, source: str) -> Sequence[object]:
    if name not in found:
        raise DataError(
            f"{source} has no split {name!r}, only {shown(found)}; expected {_FILE}, or `splits` "
            "of --layout that say what they are called"
        )
    samples = found[name]
    if not isinstance(samples, list | tuple):
        got = type(samples).__name__
        raise DataError(f"{source}: split {name!r} is a {got}, expected a list of samples")
    if not samples:
        raise DataError(f"{source}: split {name!r} is empty, expected at least one sample")
    return samples


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
        for kept, array in zip(features.values(), arrays, strict=True):
            kept.append(array)
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
    if isinstance(group, bool) or not isinstance(group, str | int):
        raise DataError(f"{where}: group is a {type(group).__name__}, expected a name or a number")
    return str(group)


def as_samples(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """A data set as a pickle in the layout of `ac.pkl` holds it; -1.0 for a missing label."""
    names = [f"{task}{LABEL_SUFFIX}" for task in dataset.schema.tasks]

    def sample(split: RawSplit, row: int) -> dict[str, Any]:
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
