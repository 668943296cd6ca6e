"""Run by Python at its start: `python -m search.run` beside a `search.py` of the user's.

Python looks into the current folder first, would run that `search.py`, and end because it is no package. So
where `-m` names one of our commands and the current folder cannot have it, our packages are found first. Every
other start of Python is as it was.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

COMMANDS: Final = frozenset(
    {
        *(f"avq_core.{name}" for name in ("audit", "baselines", "demo", "explain", "predict")),
        *("avq_core.prepare", "avq_core.train", "search.run"),
        *(f"studies.{name}" for name in ("dashboard", "export", "migrate", "report", "show")),
    }
)


def prepare(arguments: Sequence[str], folder: str) -> None:
    """Lets our packages be found first, if that is what these arguments of Python need.

    Args:
        arguments: The command line from the interpreter on.
        folder: The current folder.
    """
    module = module_of(arguments)
    if module in COMMANDS and _hides(folder, *module.split(".")):
        from avq_search.start import keep_our_packages

        keep_our_packages()


def module_of(arguments: Sequence[str]) -> str:
    """The module that Python is asked to run with `-m`; empty where it runs something else."""
    words = iter(arguments[1:])
    for word in words:
        if word in {"-W", "-X", "--check-hash-based-pycs"}:
            next(words, None)
        elif word == "-m":
            return next(words, "")
        elif not word.startswith("-") or word in {"-", "-c"}:
            break
    return ""


def _hides(folder: str, package: str, module: str) -> bool:
    """Whether a folder has a module of the package's name in which there is no such command."""
    inside = os.path.join(folder, package)
    if os.path.isfile(os.path.join(inside, "__init__.py")):
        names = (f"{module}.py", os.path.join(module, "__main__.py"))
        return not any(os.path.isfile(os.path.join(inside, name)) for name in names)
    return os.path.isfile(f"{inside}.py")


prepare(sys.orig_argv, os.curdir)
