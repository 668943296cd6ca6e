"""Options such as `cycle:keep_share=0.3,noise=1`: a name and, after the colon, its settings.

The settings are the fields of a frozen dataclass, so the class that is configured also says what may be set.
"""

import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from avq_core.errors import ConfigError
from avq_core.nearest import did_you_mean

T = TypeVar("T")
_EXPECTED: Final = {int: "a whole number", float: "a number", bool: "true or false"}
_BOOLEANS: Final = {"true": True, "false": False}


def parse_named(text: str, kinds: Mapping[str, type[T]]) -> T:
    """The settings that a text asks for.

    Args:
        text: `NAME` or `NAME:key=value,key=value`.
        kinds: Name to the dataclass of its settings, whose fields are int, float or bool.

    Raises:
        ConfigError: An unknown name or key, or a value that the setting cannot take.
    """
    name, _, settings = text.partition(":")
    if name not in kinds:
        raise ConfigError(f"{text!r} names {name!r}, {_expected(name, kinds)}")
    kind = kinds[name]
    types = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in parse_pairs(settings).items():
        if key not in types:
            names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
            if not names:
                raise ConfigError(f"{text!r} sets {key}, but {name} has no settings; say {name}")
            raise ConfigError(f"{text!r} sets {key!r}, {_expected(key, names)}")
        values[key] = _parse_value(text, key, value, types[key])
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigError(f"{text!r}: {error}") from error


def parse_pairs(text: str) -> dict[str, str]:
    """`key=value,key=value` by key; nothing where the text is empty.

    Raises:
        ConfigError: A part without an equals sign, or a key that is given twice.
    """
    pairs: dict[str, str] = {}
    for part in text.split(",") if text else ():
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"{part!r} is no setting, expected key=value, separated by commas")
        if key in pairs:
            raise ConfigError(f"{key} is set twice in {text!r}, expected each setting once")
        pairs[key] = value
    return pairs


def describe(kinds: Mapping[str, type]) -> str:
    """The names with their settings, for a command's help."""
    lines = []
    for name, kind in kinds.items():
        keys = ", ".join(field.name for field in fields(kind))
        lines.append(f"  {name}: {keys}" if keys else f"  {name}")
    return "\n".join(lines)


def _parse_value(text: str, key: str, value: str, kind: type) -> Any:
    try:
        return _BOOLEANS[value] if kind is bool else kind(value)
    except (KeyError, ValueError) as error:
        expected = _EXPECTED[kind]
        raise ConfigError(f"{text!r} sets {key} to {value!r}, expected {expected}") from error


def _expected(name: str, names: Iterable[str]) -> str:
    """What may stand in a name's place, and which of them was probably meant."""
    question = did_you_mean(name, names)
    guess = f" ({question})" if question else ""
    return f"expected one of {', '.join(names)}{guess}"
