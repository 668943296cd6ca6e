"""A data set in memory, as its file holds it: validated, nothing imputed, nothing scaled.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config import DataConfig
from avq_core.data import safe_pickle
from avq_core.data.contract import check_sample, read_features, read_labels, read_schema
from avq_core.data.schema import SPLITS, Schema
from avq_core.errors import DataError

FloatArray = npt.NDArray[np.float32]

DEMO: Final = "demo"
"""The word that names the built-in demo set in place of a file."""
USUAL_PATH: Final = Path("datasets/ac.pkl")
"""Where the user's own file is looked for when none is named."""
NO_GROUP: Final = "(no group: "
"""How the made-up, unique group of a sample without one begins."""
_FILE: Final = "a dict {'train': [...], 'val': [...], 'test': [...]}"


@dataclass(kw_only=True, slots=True)
class RawSplit:
    """One split. Feature arrays may be dropped stream by stream once they are used up."""

    features: dict[str, list[FloatArray]]
    """Stream name to N arrays of (T, D) or (D,); NaN as in the file."""
    labels: FloatArray
    """(N, K), in the user's units; NaN where missing."""
    groups: list[str]
    """N names; samples of one group (speaker, clip) belong together. A unique name where absent."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(kw_only=True, slots=True)
class Dataset:
    """All splits of one file, or of the demo set."""

    schema: Schema
    splits: dict[str, RawSplit]
    """By name: train, val, test."""
    attainable_r2: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Split to task to the R² of the noise-free labels; known of made data only."""


def default_source() -> str:
    """The data when none is named: `datasets/ac.pkl` if it is there, else `demo`."""
    return str(USUAL_PATH) if USUAL_PATH.is_file() else DEMO


def named_groups(split: RawSplit) -> list[str]:
    """The groups that the file names, one for each sample that has one."""
    return [group for group in split.groups if not group.startswith(NO_GROUP)]


def load_dataset(source: str, config: DataConfig) -> Dataset:
    """Reads a file and holds it to the contract that its first train sample sets.

    Args:
        source: A pickle's path, or `demo`.
        config: Range of the valid labels, and what means a missing one.

    Returns:
        The three splits. Arrays share the memory that the file was read into.

    Raises:
        DataError: The file cannot be read, or breaks the contract: which split, which sample,
            what was got and what was expected.
    """
    if source == DEMO:
        from avq_core.data.synthetic import make_demo

        return make_demo()
    found = safe_pickle.load(Path(source))
    if not isinstance(found, dict):
        raise DataError(f"{source} holds a {type(found).__name__}, expected {_FILE}")
    raw = {name: _samples(found, name, source) for name in SPLITS}
    schema = read_schema(raw["train"][0], f"{source}: train sample 0")
    splits = {
        name: _read_split(samples, name, schema, config, source, whole=True)
        for name, samples in raw.items()
    }
    for name in ("train", "val"):
        for task, column in zip(schema.tasks, splits[name].labels.T, strict=True):
            if np.isnan(column).all():
                raise DataError(
                    f"{source}: task {task!r} has no valid label in split {name!r}, expected at "
                    "least one; leave the task out, or move labelled samples there"
                )
    return Dataset(schema=schema, splits=splits)


def load_samples(source: str, schema: Schema, config: DataConfig) -> dict[str, RawSplit]:
    """Reads samples to predict: labels are optional, and so is the number of frames.

    Args:
        source: A pickle of a list of samples, or of `{split: [samples]}` with any names; or `demo`.
        schema: The raw schema that the model was fitted on.
        config: Range of the valid labels, and what means a missing one.

    Returns:
        Split name to samples; a bare list is called `samples`. A sample may have another number of
        frames than the schema and its neighbours, the same in all its temporal streams.

    Raises:
        DataError: The file cannot be read, or its streams are not the schema's.
    """
    if source == DEMO:
        found: object = _as_samples(load_dataset(source, config))
    else:
        found = safe_pickle.load(Path(source))
    if isinstance(found, list | tuple):
        found = {"samples": found}
    if not isinstance(found, dict) or not found:
        got = type(found).__name__ if found else "nothing"
        raise DataError(f"{source} holds {got}, expected a list of samples, or {_FILE}")
    return {
        str(name): _read_split(
            _samples(found, name, source), str(name), schema, config, source, whole=False
        )
        for name in found
    }


def _samples(found: Mapping[Any, Any], name: str, source: str) -> Sequence[object]:
    if name not in found:
        names = [str(key)[:40] for key in found]
        raise DataError(f"{source} has no split {name!r}, only {names}; expected {_FILE}")
    samples = found[name]
    if not isinstance(samples, list | tuple):
        got = type(samples).__name__
        raise DataError(f"{source}: split {name!r} is a {got}, expected a list of samples")
    if not samples:
        raise DataError(f"{source}: split {name!r} is empty, expected at least one sample")
    return samples


def _read_split(
    samples: Sequence[object],
    name: str,
    schema: Schema,
    config: DataConfig,
    source: str,
    *,
    whole: bool,
) -> RawSplit:
    features: dict[str, list[FloatArray]] = {stream.name: [] for stream in schema.streams}
    labels: list[list[float]] = []
    groups: list[str] = []
    for index, candidate in enumerate(samples):
        where = f"{source}: {name} sample {index}"
        sample = check_sample(candidate, where, needs_labels=whole)
        arrays = read_features(sample["features"], schema, where, any_length=not whole)
        for kept, array in zip(features.values(), arrays, strict=True):
            kept.append(array)
        labels.append(
            read_labels(sample.get("labels", {}), schema.tasks, config, where, needs_all=whole)
        )
        groups.append(_group(sample.get("group"), name, index, where))
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


def _as_samples(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """The demo set as a file would hold it, so that it meets the same checks."""
    names = [f"{task}_score" for task in dataset.schema.tasks]
    return {
        name: [
            {
                "features": {stream: split.features[stream][i] for stream in split.features},
                "labels": dict(zip(names, map(float, split.labels[i]), strict=True)),
                "group": split.groups[i],
            }
            for i in range(len(split))
        ]
        for name, split in dataset.splits.items()
    }
