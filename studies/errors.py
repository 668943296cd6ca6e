"""What a user can get wrong about a study or its storage."""

from avq_core.errors import AvqError


class StudyError(AvqError):
    """A storage that cannot be used, or a study that is not there or is another one."""
