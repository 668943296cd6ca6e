"""How the user starts commands: `python -m search.run`, or `avq-search run` of the installed script."""

import re
import sys
from pathlib import PurePath
from typing import Final

SCRIPT: Final = "avq-search"
_MODULE: Final = re.compile(r"python -m ((?:search|studies|avq_core)\.[a-z]+)")


def typed(module: str) -> str:
    """What starts a command, in the form that the user took for this one."""
    if PurePath(*sys.argv[:1]).name != SCRIPT:
        return f"python -m {module}"
    return f"{SCRIPT} {module.rpartition('.')[2]}"


def as_typed(text: str) -> str:
    """A message with the commands that it names in the form that the user took for this one."""
    return _MODULE.sub(lambda match: typed(match[1]), text)
