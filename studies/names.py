"""Names of studies, and the folders in which their results lie."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

EXPECTED: Final = "letters, digits, dots, dashes and underscores"
PREPARED: Final = "prepared"
"""The folder of prepared data beside the studies' own, so no study's name."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGITS: Final = 12


def is_name(name: str) -> bool:
    """Whether a study may be called so: a folder's name that leads nowhere else."""
    return bool(_NAME.fullmatch(name)) and name != PREPARED


def results_folder(runs: Path, study: str) -> Path:
    """Where what is made of a study goes.

    A study of a shared database may be called anything, `../../x` too: of such a name the folder's is
    a digest.
    """
    own = study if is_name(study) else f"study-{sha256(study.encode()).hexdigest()[:_DIGITS]}"
    return runs / own
