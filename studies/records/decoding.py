"""Decodes stored attributes one by one; what does not decode is left out, and named."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from studies.records.codec import PlainConfig, Stored

Record = TypeVar("Record", bound=Stored)
Value = TypeVar("Value")


class Decoder:
    """Reads attributes of a study or a trial. A value of another form was not written by this version."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored
        self.left_out: list[str] = []
        """Names of the attributes that did not decode."""

    def record(self, kind: type[Record], name: str) -> Record | None:
        """A record; `None` where nothing is stored or it does not decode."""
        try:
            return kind.decode_optional(self._stored.get(name))
        except ValidationError:
            self.left_out.append(name)
            return None

    def value(self, name: str, is_valid: Callable[[Any], bool], default: Value) -> Value:
        """A plain value; the default where nothing is stored or it has another form."""
        value: Value | None = self._stored.get(name)
        if value is None:
            return default
        if not is_valid(value):
            self.left_out.append(name)
            return default
        return value


def is_text(value: object) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def is_count(value: object) -> bool:
    """Whether it is a whole number >= 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_flag(value: object) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_list_of_texts(value: object) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def is_pair_of_texts(value: object) -> bool:
    """Whether it is a list of two texts."""
    return is_list_of_texts(value) and len(value) == 2  # type: ignore[arg-type]


def is_list_of_objects(value: object) -> bool:
    """Whether it is a list of JSON objects, whose content is not looked at."""
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def is_r2_by_name_and_task(value: object) -> bool:
    """Whether it holds a number or null by name and task."""
    return isinstance(value, dict) and all(
        isinstance(by_task, dict) and all(map(_is_number_or_null, by_task.values()))
        for by_task in value.values()
    )


def is_config(value: PlainConfig) -> bool:
    """Whether it has the sections of a training configuration and a seed; not whether all is valid."""
    return (
        isinstance(value, dict)
        and {"model", "optim", "training", "data"} <= value.keys()
        and all(isinstance(section, dict) for section in value.values())
        and "seed" in value["training"]
    )


def _is_number_or_null(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
