"""Configurations as plain values: to and from YAML, and changed by dotted path.

Imports no torch, as `avq_core.config.training` does not.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from avq_core.config.data import DataConfig
from avq_core.config.messages import guess, one_of
from avq_core.config.presets import manual, recommended
from avq_core.config.steps import Steps
from avq_core.config.training import TrainConfig
from avq_core.config.yaml_lines import YamlFile, read_yaml_file
from avq_core.errors import ConfigError, SettingError

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


def to_dict(config: TrainConfig) -> dict[str, Any]:
    """The configuration as plain nested dicts, as YAML and JSON take them."""
    return config.model_dump(mode="json")


def from_dict(values: object) -> TrainConfig:
    """Builds and validates a configuration; what is left out keeps the manual's value.

    Raises:
        SettingError: An unknown section or setting, or a value out of range.
    """
    return TrainConfig.parse(values)


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
        node, leaf = _place(nested, path)
        node[leaf] = value
    return from_dict(nested)


def check_path(config: TrainConfig, path: str) -> None:
    """Checks that a dotted path names a setting.

    Raises:
        ConfigError: It does not; the message has the nearest name.
    """
    _place(to_dict(config), path)


def _place(nested: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The section that a dotted path leads to, and the setting's name in it."""
    *parents, leaf = path.split(".")
    node: Any = nested
    for parent in parents:
        node = node.get(parent) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise ConfigError(f"{path!r} names no setting, expected one such as optim.lr")
    if leaf not in node and parents != ["data", "pca"]:
        raise ConfigError(f"{path!r} names no setting, {guess(leaf, node)}{one_of(node)}")
    return node, leaf


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
        return DataConfig.parse(file.values)
    except SettingError as error:
        raise file.error(error.steps, str(error)) from error


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
    keys = {*_OF_AN_EXPORT, *_OF_A_MODEL} - {"data"}
    if values.keys().isdisjoint(keys):
        yield (), values
        return
    for key in values:
        if key not in keys and key != "data":
            section = key in TrainConfig.model_fields
            hint = f"{key} stands under config; " if section else guess(key, _OF_AN_EXPORT)
            message = f"unknown key {key!r}, {hint}{one_of(_OF_AN_EXPORT)}"
            raise file.error([str(key)], f"{message}; notes of your own stand behind a #")
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
    """The configuration at these steps of a file; a mistake in it is reported with its line."""
    try:
        return TrainConfig.parse(values, below=steps)
    except SettingError as error:
        mend = "" if error.unknown else "; what a file leaves out has the manual's value"
        raise file.error((*steps, *error.steps), f"{error}{mend}") from error
