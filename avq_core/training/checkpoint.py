"""A trained model as a folder: weights, fitted statistics, settings. Nothing in it is executable.

`model.safetensors` holds the weights, `statistics.safetensors` the train split's statistics,
`model.yaml` the configuration, the raw and the prepared schema, and where it all came from. The folder
of an ensemble holds such a folder a member, and `ensemble.yaml`, which names them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.numpy
import safetensors.torch
import torch
import yaml

from avq_core.config.training import TrainConfig
from avq_core.config.values import from_dict, read_yaml, to_dict
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
    """All that scoring new clips needs."""

    network: Network
    config: TrainConfig
    raw_schema: Schema
    """Of a file's samples."""
    schema: Schema
    """Of what the network reads."""
    statistics: Statistics
    provenance: dict[str, Any]
    """Where the model came from, and its figures; for people."""


def save_model(folder: Path, model: TrainedModel) -> None:
    """Writes a model folder; the settings last, so that a half-written one does not load."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SETTINGS).unlink(missing_ok=True)  # of an older model: it would load a mixture
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
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (folder / SETTINGS).write_text(text, encoding="utf-8")


def save_ensemble(folder: Path, models: Sequence[TrainedModel]) -> None:
    """Writes several models as one: a folder each, and a list of them, written last."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (ENSEMBLE, SETTINGS):
        (folder / stale).unlink(missing_ok=True)
    if len(models) == 1:
        save_model(folder, models[0])
        return
    names = [f"member-{number}" for number in range(1, len(models) + 1)]
    for name, model in zip(names, models, strict=True):
        save_model(folder / name, model)
    text = yaml.safe_dump({"members": names})
    (folder / ENSEMBLE).write_text(text, encoding="utf-8")


def load_ensemble(folder: Path, device: torch.device) -> list[TrainedModel]:
    """Reads what `save_ensemble` wrote: the members of an ensemble, or the one model.

    Raises:
        ConfigError: Not such a folder, or one whose parts do not belong together.
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
    """Reads a model folder.

    Raises:
        ConfigError: Not a model folder, or one whose parts do not belong together.
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
