"""Configurations as plain values: to and from YAML, and changed by dotted path.

Imports no torch, as `avq_core.config.training` does not.
"""

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from avq_core.config.data import DataConfig
from avq_core.config.model import ModelConfig
from avq_core.config.training import (
    OptimConfig,
    TrainConfig,
    TrainingConfig,
    manual,
    recommended,
)
from avq_core.config.yaml_lines import Steps, YamlFile, dotted, read_yaml_file
from avq_core.errors import ConfigError

_SECTIONS: Final[Mapping[str, type]] = {
    "model": ModelConfig,
    "optim": OptimConfig,
    "training": TrainingConfig,
    "data": DataConfig,
}
_OF_AN_EXPORT: Final = (
    "study",
    "trial",
    "data",
    "data_key",
    "space",
    "space_key",
    "made_with",
    "search",
    "confirmed",
    "config",
    "ensemble",
)
"""What stands at the top of a file of `studies.export`."""
_OF_A_MODEL: Final = ("config", "raw_schema", "schema", "provenance")
"""What stands at the top of a trained model's `model.yaml`."""


class SettingError(ConfigError):
    """A setting that there is not, or a value that it cannot have."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        """Dotted path of the setting, as it stands in the message; empty for the whole."""


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
        SettingError: An unknown section or setting, or a value out of range.
    """
    if not isinstance(values, Mapping):
        message = f"a configuration is {values!r}, expected sections {list(_SECTIONS)}"
        raise SettingError("", message)
    sections: dict[str, Any] = {}
    for section, settings in values.items():
        if section not in _SECTIONS:
            raise SettingError(
                str(section),
                f"unknown section {section!r}, {_meant(section, _SECTIONS)}expected one of "
                f"{list(_SECTIONS)}",
            )
        if not isinstance(settings, Mapping):
            message = f"section {section!r} is {settings!r}, expected settings by name"
            raise SettingError(section, message)
        for name in settings:
            if name not in _settings(section):
                raise _unknown(section, name)
        kept = {name: _coerce(section, name, value) for name, value in settings.items()}
        try:
            sections[section] = _SECTIONS[section](**kept)
        except ConfigError as error:  # its message begins with the path (`config_checks.check`)
            raise SettingError(str(error).split(" ", 1)[0], str(error)) from error
    return TrainConfig(**sections)


def _settings(section: str) -> list[str]:
    return [spec.name for spec in dataclasses.fields(_SECTIONS[section])]


def _unknown(section: str, name: object) -> SettingError:
    """A setting that its section does not have, with the one that was meant, as far as one is."""
    homes = [other for other in _SECTIONS if name in _settings(other)]
    meant = f"{name} stands under {homes[0]}; " if homes else _meant(name, _settings(section))
    path = f"{section}.{name}"
    return SettingError(
        path, f"unknown setting {path}, {meant}expected one of {_settings(section)}"
    )


def _meant(name: object, known: Iterable[str]) -> str:
    """The known name that is closest to a misspelt one, in words; nothing where none is close."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"did you mean {close[0]}? " if close else ""


def _coerce(section: str, name: str, value: Any) -> Any:
    """YAML reads `1e-3` as a string and `1` as an int: make a float setting a float."""
    wanted = get_type_hints(_SECTIONS[section])[name]
    if wanted in (float, float | None):
        return _as_float(value)
    if wanted == Mapping[str, float] and isinstance(value, Mapping):
        return {key: _as_float(item) for key, item in value.items()}
    return value


def _as_float(value: Any) -> Any:
    if isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
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
        ConfigError: No such file, not YAML, a key that stands twice, or not a mapping; names the
            line.
    """
    return read_yaml_file(path).values


def load_data_config(path: Path | None) -> DataConfig:
    """The data settings of a YAML file (`--layout`); the defaults without one.

    Raises:
        ConfigError: No such file, an unknown setting, or a value out of range; names the line.
    """
    if path is None:
        return DataConfig()
    file = read_yaml_file(path)
    try:
        return from_dict({"data": file.values}).data
    except SettingError as error:
        raise file.error(error.path.split(".")[1:], str(error)) from error


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
    file = read_yaml_file(Path(name_or_path))
    return [_from_part(file, steps, values) for steps, values in _parts(file)]


def _parts(file: YamlFile) -> Iterator[tuple[Steps, object]]:
    """Where in a file configurations stand, and their values: of an export, or the whole file.

    Raises:
        ConfigError: An unknown key, or a file that holds no configuration.
    """
    values = file.values
    own = {*_OF_AN_EXPORT, *_OF_A_MODEL} - {"data"}
    if values.keys().isdisjoint(own):
        yield (), values
        return
    for key in values:
        if key not in own and key != "data":
            known = [*_OF_AN_EXPORT, *_SECTIONS]
            home = f"{key} stands under config; " if key in _SECTIONS else _meant(key, known)
            told = f"unknown key {key!r}, {home}expected one of {list(_OF_AN_EXPORT)}"
            raise file.error([str(key)], f"{told}; notes of your own stand behind a #")
    members = values.get("ensemble")
    if members is None:
        if "config" not in values:
            raise file.error([], "holds no config, expected it beside what says where it is from")
        yield ("config",), values["config"]
        return
    if not isinstance(members, list) or not all(isinstance(m, dict) for m in members or [None]):
        raise file.error(["ensemble"], f"ensemble is {members!r}, expected a list of members")
    for index, member in enumerate(members):
        steps = ("ensemble", f"[{index}]")
        if "config" in member:
            yield (*steps, "config"), member["config"]
        else:
            yield steps, member


def _from_part(file: YamlFile, steps: Steps, values: object) -> TrainConfig:
    """The configuration that stands there; what is wrong with it is told with its line."""
    try:
        return from_dict(values)
    except SettingError as error:
        below = error.path.split(".") if error.path else []
        full, message = dotted((*steps, *below)), str(error)
        if steps and below:
            message = message.replace(error.path, full, 1)
        if error.__cause__ is not None:  # out of range, not unknown
            message += "; what a file leaves out has the manual's value"
        raise file.error((*steps, *below), message) from error
