"""The values that a setting can have, and conditions on them."""

import sys
from collections.abc import Mapping

from space.errors import SpaceError

Scalar = str | int | float | bool | None
"""What a setting can be: whatever JSON and YAML hold without nesting."""

Condition = Mapping[str, tuple[Scalar, ...]]
"""Dotted path of another setting to the values of it under which a parameter matters."""


def is_scalar(value: object) -> bool:
    """Whether a setting can have this value."""
    return value is None or isinstance(value, str | bool) or is_number(value)


def is_number(value: object) -> bool:
    """Whether it is a finite number; True and False are none."""
    # One comparison turns away NaN, infinities and integers that no float can hold.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )


def checked_condition(when: object) -> dict[str, tuple[Scalar, ...]]:
    """A condition as a parameter keeps it.

    Raises:
        SpaceError: Not settings with lists of values.
    """
    if not isinstance(when, Mapping):
        raise SpaceError(f"when is {when!r}, expected another setting and the values of it")
    found: dict[str, tuple[Scalar, ...]] = {}
    for path, values in when.items():
        sound = isinstance(values, list | tuple) and len(values) > 0 and all(map(is_scalar, values))
        if not isinstance(path, str) or not sound:
            raise SpaceError(f"when {path}: {values!r}, expected a list of values of that setting")
        found[path] = tuple(values)
    return found


def is_one_of(value: object, values: tuple[Scalar, ...]) -> bool:
    """By ==, but True is not 1."""
    return any(
        value == other and isinstance(value, bool) == isinstance(other, bool) for other in values
    )
