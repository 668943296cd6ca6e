"""Errors for mistakes in a space: one line with what was got and what was expected."""

from avq_core.errors import SettingError


class SpaceError(SettingError):
    """A space or parameter is not valid."""
