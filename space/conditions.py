"""The values that a setting can have, and conditions on other settings."""

import sys
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PlainValidator

from avq_core.config.constraints import Expected, instance_of


def is_number(value: object) -> bool:
    """Whether a value is a finite number; True and False are not."""
    # This comparison also excludes NaN, infinities and integers too large for a float.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    )


def _check_scalar(value: object) -> object:
    if value is None or isinstance(value, str | bool) or is_number(value):
        return value
    raise ValueError("not a single finite value")


Scalar = Annotated[
    str | int | float | bool | None,
    PlainValidator(_check_scalar),
    Expected("a finite number, a word, true, false or null"),
]
"""The value of a setting: any plain value of JSON and YAML."""

Condition = Annotated[
    Mapping[
        str,
        Annotated[
            tuple[Scalar, ...],
            Field(min_length=1),
            Expected("a list of values of that setting"),
        ],
    ],
    instance_of(Mapping, "another setting and the values of it"),
]
"""Dotted path of another setting to its values for which a parameter is searched."""


def is_one_of(value: object, values: tuple[Scalar, ...]) -> bool:
    """Whether a value is equal to one of the values; True is not equal to 1."""
    return any(
        value == other and isinstance(value, bool) == isinstance(other, bool) for other in values
    )
