"""Saves and loads a trained model as a folder. Nothing in it is executable.

`model.safetensors` holds the weights, `statistics.safetensors` the preprocessing statistics of the
train split, and `model.yaml` the configuration, the raw and the prepared schema, and the provenance.
The folder of an ensemble holds one such folder for each member, and `ensemble.yaml` with their names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import safetensors
import safetensors.numpy
import safetensors.torch
import torch

from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict, read_yaml, to_dict
from avq_core.config.yaml_lines import yaml_text
from avq_core.data.preprocessing.statistics import Statistics
from avq_core.data.schema import Schema
from avq_core.errors import ConfigError
from avq_core.model.network import Network

WEIGHTS: Final = "model.safetensors"
STATISTICS: Final = "statistics.safetensors"
SETTINGS: Final = "model.yaml"
ENSEMBLE: Final = "ensemble.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainedModel:
    """Everything that is needed to score new clips."""

    network: Network
    config: TrainConfig
    raw_schema: Schema
    """Streams and tasks of the samples in a file."""
    schema: Schema
    """Streams and tasks as the network reads them, after preprocessing."""
    statistics: Statistics
    """Preprocessing, as fitted on the train split."""
    provenance: Mapping[str, object]
    """The data, and R² on val and test; plain YAML values that people read and no code does."""


def save_model(folder: Path, model: TrainedModel) -> None:
    """Writes a model folder, the settings last, so that a half-written folder does not load."""
    folder.mkdir(parents=True, exist_ok=True)
    # The settings of an older model must not be loaded with the new weights.
    (folder / SETTINGS).unlink(missing_ok=True)
    weights = {
        name: w.detach().cpu().contiguous() for name, w in model.network.state_dict().items()
    }
    safetensors.torch.save_file(weights, folder / WEIGHTS)
    safetensors.numpy.save_file(model.statistics.to_arrays(), folder / STATISTICS)
    settings = {
        "config": to_dict(model.config),
        "raw_schema": model.raw_schema.to_dict(),
        "schema": model.schema.to_dict(),
        "provenance": dict(model.provenance),
    }
    text = yaml_text(settings)
    (folder / SETTINGS).write_text(text, encoding="utf-8")


def save_ensemble(folder: Path, models: Sequence[TrainedModel]) -> None:
    """Writes an ensemble: a folder for each member, then the list of them; one model as itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (ENSEMBLE, SETTINGS):
        (folder / stale).unlink(missing_ok=True)
    if len(models) == 1:
        save_model(folder, models[0])
        return
    names = [f"member-{number}" for number in range(1, len(models) + 1)]
    for name, model in zip(names, models, strict=True):
        save_model(folder / name, model)
    text = yaml_text({"members": names})
    (folder / ENSEMBLE).write_text(text, encoding="utf-8")


def load_ensemble(folder: Path, device: torch.device) -> list[TrainedModel]:
    """Loads what `save_ensemble` wrote: the members of an ensemble, or a single model.

    Raises:
        ConfigError: The folder holds no model, or its parts do not belong together.
    """
    if not (folder / ENSEMBLE).is_file():
        return [load_model(folder, device)]
    names = read_yaml(folder / ENSEMBLE).get("members")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise ConfigError(f"{folder / ENSEMBLE} names no members; train it again")
    models = [load_model(folder / Path(name).name, device) for name in names]
    if any(
        m.raw_schema != models[0].raw_schema or m.config.data != models[0].config.data
        for m in models
    ):
        raise ConfigError(f"the members of {folder} read different data; train them together")
    return models


def load_model(folder: Path, device: torch.device) -> TrainedModel:
    """Loads a model folder.

    Raises:
        ConfigError: The folder holds no model, or its parts do not belong together.
    """
    if not (folder / SETTINGS).is_file():
        raise ConfigError(
            f"{folder} holds no {SETTINGS}; expected a folder that `python -m avq_core.train` wrote"
        )
    settings = read_yaml(folder / SETTINGS)
    try:
        config = from_dict(settings["config"])
        raw_schema = Schema.from_dict(settings["raw_schema"])
        schema = Schema.from_dict(settings["schema"])
        statistics = Statistics.from_arrays(
            safetensors.numpy.load_file(folder / STATISTICS), raw_schema
        )
        network = Network(config.model, schema)
        network.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    except (KeyError, TypeError, RuntimeError, OSError, safetensors.SafetensorError) as error:
        raise ConfigError(
            f"{folder} is not a whole model ({error}); train it again with python -m avq_core.train"
        ) from error
    return TrainedModel(
        network=network.to(device).eval(),
        config=config,
        raw_schema=raw_schema,
        schema=schema,
        statistics=statistics,
        provenance=settings.get("provenance", {}),
    )
