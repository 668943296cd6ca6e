"""Types of settings: what a value may be, and how a message describes it.

Each type states its constraint and, beside it, the words for "expected ..." in an error message.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from avq_core.config.steps import Steps

EXPECTED: Final = "expected"
"""Error type of a value that does not fit; its context holds the words for what would."""
CHOICES: Final = "choices"
"""Error type of a value that is none of several; its context holds them."""
SETTING: Final = "setting"
"""In an error's context: steps from the model that was checked to the setting to name."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message says after "expected" about a value that does not fit the type."""

    words: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The type's own check, with one error in place of whatever it raises."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type=EXPECTED,
            custom_error_message="expected {expected}",
            custom_error_context={EXPECTED: self.words},
        )


@dataclass(frozen=True, slots=True)
class OneOf:
    """Allows only certain words; the message about any other value lists them."""

    words: tuple[str, ...] = ()
    """Empty for a `Literal`: its words are taken."""

    def __get_pydantic_core_schema__(
        self, source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """A check for the words, with an error that holds them."""
        words = self.words or get_args(source)
        return core_schema.custom_error_schema(
            core_schema.literal_schema(list(words)),
            custom_error_type=CHOICES,
            custom_error_message="expected one of {choices}",
            custom_error_context={CHOICES: words},
        )


def mismatch(setting: str | Steps, got: object, expected: str) -> PydanticCustomError:
    """The error to raise from a check that reads several settings.

    Args:
        setting: The one to name in the message: its name, or the steps to it from the model.
        got: Its value.
        expected: In words, what would fit.
    """
    steps = (setting,) if isinstance(setting, str) else setting
    context = {SETTING: steps, "got": got, EXPECTED: expected}
    return PydanticCustomError(EXPECTED, "expected {expected}", context)


def missing(steps: Steps, expected: str) -> PydanticCustomError:
    """The error to raise where a value is lacking that another setting calls for."""
    return PydanticCustomError("missing", "missing", {SETTING: steps, EXPECTED: expected})


def instance_of(kind: type | tuple[type, ...], words: str) -> BeforeValidator:
    """Rejects a value of another type with these words, and leaves errors inside the value alone."""

    def check(value: object) -> object:
        if not isinstance(value, kind):
            raise PydanticCustomError(EXPECTED, "expected {expected}", {EXPECTED: words})
        return value

    return BeforeValidator(check)


def _reject_bool(value: object) -> object:
    """`True` is no number, although Python counts it as 1."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic collects it
    return value


FINITE: Final = Field(allow_inf_nan=False)
NO_BOOL: Final = BeforeValidator(_reject_bool)

Number = Annotated[float, FINITE, NO_BOOL, Expected("a number")]
"""A finite number; a word such as `1e-3`, as YAML 1.1 reads it, is one too."""
PositiveNumber = Annotated[float, Field(gt=0), FINITE, NO_BOOL, Expected("a number > 0")]
NonNegativeNumber = Annotated[float, Field(ge=0), FINITE, NO_BOOL, Expected("a number >= 0")]
Decay = Annotated[float, Field(ge=0, lt=1), FINITE, NO_BOOL, Expected("a decay in [0, 1)")]
Probability = Annotated[
    float, Field(ge=0, lt=1), FINITE, NO_BOOL, Expected("a probability in [0, 1)")
]
Share = Annotated[float, Field(gt=0, le=1), FINITE, NO_BOOL, Expected("a share in (0, 1]")]

PositiveInt = Annotated[int, Field(strict=True, ge=1), Expected("an integer >= 1")]
"""Neither 2.0 nor True is an integer."""
NonNegativeInt = Annotated[int, Field(strict=True, ge=0), Expected("an integer >= 0")]

Flag = Annotated[bool, Field(strict=True), Expected("true or false")]
"""Neither 0 nor the word "yes" is a flag."""
