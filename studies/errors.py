"""Errors of users about a study or its storage."""

import shlex

from avq_core.errors import AvqError


class StudyError(AvqError):
    """A storage cannot be used, or a study does not exist or is not the expected one."""


class ForeignStudyError(StudyError):
    """A study that another program made, where a command needs one that the search made."""

    def __init__(self, name: str, lacks: str) -> None:
        """Composes the message.

        Args:
            name: The study's name.
            lacks: What the study lacks, and what the command needs it for, as a clause.
        """
        quoted = shlex.quote(name)
        super().__init__(
            f"the study {name!r} was not made by this program, {lacks}; with the same `runs` or `storage`, "
            f"python -m studies.show {quoted} shows what Optuna holds, and python -m studies.dashboard "
            f"{quoted} plots it"
        )
