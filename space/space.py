"""A space: the settings that a study searches, their bounds, and the settings that are fixed.

The layout of a space's file:

    epochs: 14                      # maximum for each trial
    fixed:                          # changes to the manual's configuration
      model.embedder_scale: 0.125
    parameters:                     # dotted path of a setting to its type and bounds
      optim.lr: {type: float, low: 1e-4, high: 1e-2, log: true, reason: a sentence}
      model.num_layers: {type: int, low: 1, high: 3}
      model.hidden_dim: {type: int, low: 32, high: 128, step: 32}
      model.num_heads: {type: categorical, choices: [1, 2, 4, 8]}
      model.max_lag: {type: categorical, choices: [0, 15]}
      model.lag_channels: {type: int, low: 2, high: 8, when: {model.max_lag: [15]}}
    start:                          # optional: a point to try first and to search around
      {optim.lr: 1e-3, model.num_layers: 1, ...}
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from avq_core.config.constraints import (
    Expected,
    PositiveInt,
    instance_of,
    mismatch,
    missing,
)
from avq_core.config.messages import Wording
from avq_core.config.settings import Settings
from avq_core.config.yaml_lines import read_yaml_file
from space.conditions import Scalar, is_one_of
from space.errors import SpaceError
from space.parameters import Parameter, parameter_of


def _check_path(path: str) -> str:
    parts = path.split(".")
    if len(parts) < 2 or not all(parts):
        raise ValueError("no dotted path")
    return path


def _empty_for_none(values: object) -> object:
    """YAML reads a heading with nothing under it as null."""
    return {} if values is None else values


_Path = Annotated[str, AfterValidator(_check_path), Expected("a dotted path such as optim.lr")]
_BY_PATH = instance_of(Mapping, "settings by dotted path")
_Values = Annotated[Mapping[_Path, Scalar], _BY_PATH, BeforeValidator(_empty_for_none)]


class Space(Settings, frozen=True):
    """The parameters of a search, in order, and the fixed settings."""

    wording: ClassVar[Wording] = Wording(noun="key", whole="a space", error=SpaceError)

    name: Annotated[str, Expected("a word")]
    """For people; not part of the fingerprint."""
    epochs: PositiveInt
    """Maximum epochs of a trial, at least 1; an option of the command can change it."""
    fixed: _Values = Field(default_factory=dict)
    """Dotted path of a setting to the value that every trial has instead of the manual's."""
    parameters: Annotated[
        Mapping[_Path, Annotated[Parameter, BeforeValidator(parameter_of)]], _BY_PATH
    ]
    """Dotted path of a setting, such as `optim.lr`, to its parameter; at least one, in the order in
    which they are suggested."""
    start: _Values = Field(default_factory=dict)
    """A point that a study tries first and that samplers search around at the beginning; empty for
    none. It is not part of the fingerprint, since it does not change what can be found."""

    @model_validator(mode="after")
    def _check_fixed(self) -> Self:
        if not self.parameters:
            raise mismatch("parameters", {}, "at least one setting to search")
        for path, value in self.fixed.items():
            if path in self.parameters:
                raise mismatch(("fixed", path), value, "a setting that is not searched too")
        return self

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        """Checks that conditions name earlier searched settings, and values that those can have."""
        earlier: dict[str, Parameter] = {}
        for path, parameter in self.parameters.items():
            for other, values in parameter.when.items():
                steps = ("parameters", path, "when", other)
                if other not in earlier:
                    expected = "values of a setting that is searched too and stands before it"
                    raise mismatch(steps, list(values), expected)
                for value in values:
                    if not earlier[other].contains(value):
                        raise mismatch(steps, value, f"a value that {other} can have")
            earlier[path] = parameter
        return self

    @model_validator(mode="after")
    def _check_start(self) -> Self:
        if not self.start:
            return self
        active = self.active(self.start)
        for path in active:
            if path not in self.start:
                raise missing(("start", path), "a value for every setting that is searched there")
            if not self.parameters[path].contains(self.start[path]):
                raise mismatch(("start", path), self.start[path], "a value within its bounds")
        for path in self.start:
            if path not in active:
                expected = "no value, as it is not searched there"
                raise mismatch(("start", path), self.start[path], expected)
        return self

    def active(self, point: Mapping[str, Any]) -> list[str]:
        """The settings that are searched at a point, in order: those whose conditions hold."""
        active: list[str] = []
        for path, parameter in self.parameters.items():
            if all(
                other in active and is_one_of(point.get(other), values)
                for other, values in parameter.when.items()
            ):
                active.append(path)
        return active

    def fingerprint(self) -> str:
        """SHA-256 of parameters and fixed settings, independent of order, name and reasons."""
        plain = {path: parameter.to_dict() for path, parameter in self.parameters.items()}
        for values in plain.values():
            del values["reason"]
        whole = _canonical({"parameters": plain, "fixed": self.fixed})
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def contains(self, point: Mapping[str, Any]) -> bool:
        """Whether the point has exactly the settings searched there, each within its bounds."""
        active = self.active(point)
        return point.keys() == set(active) and all(
            self.parameters[path].contains(point[path]) for path in active
        )

    def to_dict(self) -> dict[str, Any]:
        """The space as plain values, for JSON and YAML, in the layout of a space's file."""
        return {
            "name": self.name,
            "epochs": self.epochs,
            "fixed": dict(self.fixed),
            "parameters": {path: spec.to_dict() for path, spec in self.parameters.items()},
            **({"start": dict(self.start)} if self.start else {}),
        }

    @classmethod
    def from_dict(cls, values: object, *, name: str = "space") -> "Space":
        """The inverse of `to_dict`.

        Args:
            values: In the layout of a space's file.
            name: The space's name where `values` hold none.

        Raises:
            SpaceError: A key is unknown or missing, or a value is not valid.
        """
        return cls.parse({"name": name, **values} if isinstance(values, Mapping) else values)


def load_space(path: Path) -> Space:
    """Reads a space from a file, whose name is the space's unless the file gives another.

    Raises:
        ConfigError: The file is missing, not YAML, or not a space; the message has file and line.
    """
    file = read_yaml_file(path)
    try:
        return Space.from_dict(file.values, name=path.stem)
    except SpaceError as error:
        raise file.error(error.steps, str(error)) from error


def _canonical(value: Any) -> Any:
    """Converts floats like 1.0 to integers, since 1 and 1.0 configure the same run."""
    if isinstance(value, Mapping):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_canonical(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
