"""Errors of users about a study or its storage."""

from avq_core.errors import AvqError


class StudyError(AvqError):
    """A storage cannot be used, or a study does not exist or is not the expected one."""
