"""A space: which settings a study searches, within what bounds, and which it holds fixed.

The layout of a space's file:

    epochs: 14                      # at most, for each trial
    fixed:                          # laid over the manual's configuration
      model.embedder_scale: 0.125
    parameters:                     # dotted path of the setting to what it may be
      optim.lr: {type: float, low: 1e-4, high: 1e-2, log: true, reason: a sentence}
      model.num_layers: {type: int, low: 1, high: 3}
      model.hidden_dim: {type: int, low: 32, high: 128, step: 32}
      model.num_heads: {type: categorical, choices: [1, 2, 4, 8]}
      model.max_lag: {type: categorical, choices: [0, 15]}
      model.lag_channels: {type: int, low: 2, high: 8, when: {model.max_lag: [15]}}
    start:                          # a point to try first and to look around; may be left out
      {optim.lr: 1e-3, model.num_layers: 1, ...}
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from space.conditions import Scalar, is_one_of, is_scalar
from space.errors import SpaceError
from space.parameters import Categorical, Float, Int, Parameter
from space.parameters import parameter_from_dict as _parameter_from_dict

_KEYS: Final = ("name", "epochs", "fixed", "parameters", "start")


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """An ordered set of parameters, and what stands fixed beside them."""

    name: str
    """For people; not part of the fingerprint."""
    parameters: Mapping[str, Parameter]
    """Dotted path of a setting, such as `optim.lr`, to what it may be; at least one, in the order
    in which a trial asks for them."""
    fixed: Mapping[str, Scalar] = field(default_factory=dict)
    """Dotted path to a value that every trial has in place of the manual's."""
    epochs: int
    """Passes over the train split for a trial unless the command says otherwise, at least 1."""
    start: Mapping[str, Scalar] = field(default_factory=dict)
    """A point of the space that a study tries first, and that samplers look around while they know nothing;
    empty for none. Not part of the fingerprint: it changes where a search begins, not what it may find."""

    def __post_init__(self) -> None:
        _check_mapping("parameters", self.parameters)
        _check_mapping("fixed", self.fixed)
        _check_mapping("start", self.start)
        if not self.parameters:
            raise SpaceError("parameters are empty, expected at least one setting to search")
        for path, parameter in self.parameters.items():
            _check_path(path)
            if not isinstance(parameter, Float | Int | Categorical):
                raise SpaceError(f"{path} is {parameter!r}, expected a Float, Int or Categorical")
        for path, value in self.fixed.items():
            _check_path(path)
            if not is_scalar(value):
                raise SpaceError(f"fixed {path} is {value!r}, expected a single finite value")
            if path in self.parameters:
                raise SpaceError(f"{path} is both searched and fixed, expected one of the two")
        if not isinstance(self.epochs, int) or isinstance(self.epochs, bool) or self.epochs < 1:
            raise SpaceError(f"epochs is {self.epochs!r}, expected a whole number >= 1")
        # Copies, so that nobody who holds the caller's mappings can change the space.
        object.__setattr__(self, "parameters", dict(self.parameters))
        object.__setattr__(self, "fixed", dict(self.fixed))
        object.__setattr__(self, "start", dict(self.start))
        self._check_conditions()
        self._check_start()

    def _check_conditions(self) -> None:
        """A condition names a setting that stands before it and can have the values."""
        earlier: dict[str, Parameter] = {}
        for path, parameter in self.parameters.items():
            for other, values in parameter.when.items():
                if other not in earlier:
                    raise SpaceError(
                        f"{path} is searched when {other} has certain values, expected a setting "
                        "that is searched too and stands before it"
                    )
                for value in values:
                    if not earlier[other].contains(value):
                        raise SpaceError(
                            f"{path} is searched when {other} is {value!r}, which it never is; "
                            "expected a value of it"
                        )
            earlier[path] = parameter

    def _check_start(self) -> None:
        if not self.start:
            return
        active = self.active(self.start)
        for path in active:
            if path not in self.start:
                raise SpaceError(f"start lacks {path}, expected a value for every setting searched")
            if not self.parameters[path].contains(self.start[path]):
                raise SpaceError(f"start sets {path} to {self.start[path]!r}, outside its bounds")
        if len(active) < len(self.start):
            extra = sorted(set(self.start) - set(active))
            raise SpaceError(
                f"start sets {', '.join(extra)}, which the space does not search there"
            )

    def active(self, point: Mapping[str, Any]) -> list[str]:
        """The settings that are searched at a point: those whose conditions hold, in order."""
        found: list[str] = []
        for path, parameter in self.parameters.items():
            if all(
                other in found and is_one_of(point.get(other), values)
                for other, values in parameter.when.items()
            ):
                found.append(path)
        return found

    def fingerprint(self) -> str:
        """SHA-256 of what is searched and what is fixed, whatever the order, name and reasons."""
        plain = {path: parameter.to_dict() for path, parameter in self.parameters.items()}
        for values in plain.values():
            del values["reason"]
        whole = _canonical({"parameters": plain, "fixed": self.fixed})
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def contains(self, point: Mapping[str, Any]) -> bool:
        """Whether the point has a value within bounds for all that is searched there, only that."""
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
            SpaceError: An unknown or missing key, or a value that a space cannot have.
        """
        if not isinstance(values, Mapping):
            raise SpaceError(f"got {type(values).__name__}, expected {', '.join(_KEYS)} by name")
        for key in values:
            if key not in _KEYS:
                raise SpaceError(f"unknown key {key!r}, expected one of {', '.join(_KEYS)}")
        for key in ("parameters", "epochs"):
            if key not in values:
                raise SpaceError(f"{key} is missing; a space holds {', '.join(_KEYS)}")
        _check_mapping("parameters", values["parameters"])
        parameters = {path: _parameter(path, spec) for path, spec in values["parameters"].items()}
        given = values.get("name", name)
        if not isinstance(given, str):
            raise SpaceError(f"name is {given!r}, expected a word")
        fixed, start = values.get("fixed"), values.get("start")
        return cls(
            name=given,
            parameters=parameters,
            fixed={} if fixed is None else fixed,
            epochs=values["epochs"],
            start={} if start is None else start,
        )


def load_space(path: Path) -> Space:
    """Reads a space's file; its name is the file's unless it says another.

    Raises:
        SpaceError: No such file, not YAML, or not a space; the file's name leads the message.
    """
    from space.yaml_file import read

    try:
        return Space.from_dict(read(path), name=path.stem)
    except SpaceError as error:
        raise SpaceError(f"{path}: {error}") from error


def _parameter(path: object, values: object) -> Parameter:
    try:
        return _parameter_from_dict(values)
    except SpaceError as error:
        raise SpaceError(f"parameter {path}: {error}") from error


def _check_mapping(name: str, values: object) -> None:
    if not isinstance(values, Mapping):
        raise SpaceError(f"{name} is {values!r}, expected settings by dotted path")


def _check_path(path: object) -> None:
    parts = path.split(".") if isinstance(path, str) else []
    if len(parts) < 2 or not all(parts):
        raise SpaceError(f"{path!r} names no setting, expected a dotted path such as optim.lr")


def _canonical(value: Any) -> Any:
    """The same text for 1 and 1.0, which configure the same run."""
    if isinstance(value, Mapping):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_canonical(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
