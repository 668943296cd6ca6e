"""How settings are checked where they are made: what was got, and what was expected."""

import math

from avq_core.errors import ConfigError


def check(condition: bool, name: str, got: object, expected: str) -> None:
    """Raises a `ConfigError` that names the setting unless the condition holds."""
    if not condition:
        raise ConfigError(f"{name} is {got!r}, expected {expected}")


def is_int(value: object) -> bool:
    """Whether it is an integer; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
