"""What a user can get wrong about a space, told in one line: got, expected, mend."""

from avq_core.errors import SettingError


class SpaceError(SettingError):
    """A space, or a parameter of it, that cannot be searched."""
