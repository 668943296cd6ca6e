"""What a user can get wrong about a space, told in one line: got, expected, mend."""


class SpaceError(ValueError):
    """A space, or a parameter of it, that cannot be searched."""
