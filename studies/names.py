"""Names of studies, and the folders of their results."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

EXPECTED: Final = "letters, digits, dots, dashes and underscores"
PREPARED: Final = "prepared"
"""The folder of prepared data beside the folders of the studies; so no study may have this name."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGITS: Final = 12


def is_name(name: str) -> bool:
    """Whether a study may have this name: it must be the name of a folder, never a path."""
    return bool(_NAME.fullmatch(name)) and name != PREPARED


def results_folder(runs: Path, study: str) -> Path:
    """The folder of a study's results.

    A study in a shared database may have any name, such as `../../x`. Where the name cannot be a
    folder's, the folder is named by a digest of it.
    """
    folder = study if is_name(study) else f"study-{sha256(study.encode()).hexdigest()[:_DIGITS]}"
    return runs / folder
