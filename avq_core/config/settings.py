"""The base of all settings: immutable, keyword-only, checked where they are made."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from avq_core.config.messages import Wording, setting_error
from avq_core.config.steps import Steps


class Settings(BaseModel, frozen=True):
    """A group of settings; an invalid value is reported in one line."""

    model_config = ConfigDict(extra="forbid")

    wording: ClassVar[Wording] = Wording()

    def __init__(self, **values: Any) -> None:
        """Checks the settings.

        Raises:
            SettingError: An unknown setting, or a value that one cannot have.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise setting_error(error, type(self), wording=self.wording, below=()) from error

    # As on pydantic's own `__init__`: a group inside another one is checked as a part of it, so
    # that the error's location is the whole path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def parse(cls, values: object, *, below: Steps = ()) -> Self:
        """Builds the settings from plain values.

        Args:
            values: By name, as YAML and JSON hold them.
            below: Where they stand in a file, for the message: `("ensemble", "[1]", "config")`.

        Raises:
            SettingError: An unknown setting, a value that one cannot have, or no mapping.
        """
        plain = dict(values) if isinstance(values, Mapping) else values
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise setting_error(error, cls, wording=cls.wording, below=below) from error

    def changed(self, **values: Any) -> Self:
        """A copy with other values of some settings, checked again.

        Raises:
            SettingError: As where it is made.
        """
        current = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**current, **values})
