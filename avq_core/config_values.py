"""Configurations as plain values: to and from YAML, and changed by dotted path.

Imports no torch, as `avq_core.config` does not.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from avq_core.config import (
    OptimConfig,
    TrainConfig,
    TrainingConfig,
    manual,
    recommended,
)
from avq_core.data_config import DataConfig
from avq_core.errors import ConfigError
from avq_core.model_config import ModelConfig

_SECTIONS: Final[Mapping[str, type]] = {
    "model": ModelConfig,
    "optim": OptimConfig,
    "training": TrainingConfig,
    "data": DataConfig,
}


def to_dict(config: TrainConfig) -> dict[str, Any]:
    """The configuration as plain nested dicts, as YAML and JSON take them."""
    return {
        section: {
            spec.name: _plain(getattr(getattr(config, section), spec.name))
            for spec in dataclasses.fields(_SECTIONS[section])
        }
        for section in _SECTIONS
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def from_dict(values: object) -> TrainConfig:
    """Builds and validates a configuration; what is left out keeps the manual's value.

    Raises:
        ConfigError: An unknown section or setting, or a value out of range.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"a configuration is {values!r}, expected sections {list(_SECTIONS)}")
    sections: dict[str, Any] = {}
    for section, settings in values.items():
        if section not in _SECTIONS:
            raise ConfigError(f"unknown section {section!r}, expected one of {list(_SECTIONS)}")
        if not isinstance(settings, Mapping):
            raise ConfigError(f"section {section!r} is {settings!r}, expected settings by name")
        known = [spec.name for spec in dataclasses.fields(_SECTIONS[section])]
        for name in settings:
            if name not in known:
                raise ConfigError(f"unknown setting {section}.{name}, expected one of {known}")
        sections[section] = _SECTIONS[section](
            **{name: _coerce(section, name, value) for name, value in settings.items()}
        )
    return TrainConfig(**sections)


def _coerce(section: str, name: str, value: Any) -> Any:
    """YAML reads `1e-3` as a string and `1` as an int: make a float setting a float."""
    wanted = get_type_hints(_SECTIONS[section])[name]
    is_float = wanted in (float, float | None)
    if is_float and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def with_values(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """A copy with settings replaced by dotted path, such as `training.task_weights.overall`.

    Args:
        config: Where to start from.
        values: Dotted path of a setting to its new value.

    Raises:
        ConfigError: A path that names no setting, or a result that is not valid.
    """
    nested = to_dict(config)
    for path, value in values.items():
        *parents, leaf = path.split(".")
        node: Any = nested
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if not isinstance(node, dict) or (leaf not in node and parents != ["data", "pca"]):
            known = f"one of {list(node)}" if isinstance(node, dict) else "one such as 'optim.lr'"
            raise ConfigError(f"{path!r} names no setting, expected {known}")
        node[leaf] = value
    return from_dict(nested)


def read_yaml(path: Path) -> dict[str, Any]:
    """Reads a YAML mapping.

    Raises:
        ConfigError: No such file, not YAML, or not a mapping.
    """
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds {type(values).__name__}, expected settings by name")
    return values


def load_data_config(path: Path | None) -> DataConfig:
    """The data settings of a YAML file (`--layout`); the defaults without one.

    Raises:
        ConfigError: No such file, an unknown setting, or a value out of range.
    """
    if path is None:
        return DataConfig()
    values = read_yaml(path)
    try:
        return from_dict({"data": values}).data
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


_NAMED: Final[Mapping[str, Callable[[], TrainConfig]]] = {
    "manual": manual,
    "recommended": recommended,
}


def load_config(name_or_path: str) -> TrainConfig:
    """The configuration of a name, or the one in a YAML file (under `config:` in a `best.yaml`)."""
    return load_configs(name_or_path)[0]


def load_configs(name_or_path: str) -> list[TrainConfig]:
    """As `load_config`; every member where the file holds an `ensemble`.

    Raises:
        ConfigError: No such name or file, or a setting in it that is not valid.
    """
    if name_or_path in _NAMED:
        return [_NAMED[name_or_path]()]
    if not Path(name_or_path).exists():
        raise ConfigError(
            f"there is no file {name_or_path}, expected a YAML file such as best.yaml, or one of "
            f"{', '.join(_NAMED)}"
        )
    values = read_yaml(Path(name_or_path))
    members = values.get("ensemble")
    if members is None:
        return [from_dict(values.get("config", values))]
    sound = isinstance(members, list) and members and all(isinstance(m, dict) for m in members)
    if not sound:
        raise ConfigError(f"{name_or_path}: ensemble is {members!r}, expected a list of members")
    return [from_dict(member.get("config", member)) for member in members]
