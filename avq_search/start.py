"""The first thing that a command does: finds this program's packages, and minds an early Ctrl-C.

The user's folder may hold modules called `search`, `space` or `random`, and Python looks there first.
Imports nothing heavy, since it comes before everything else.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Final

PACKAGES: Final = ("avq_core", "search", "space", "studies")
INTERRUPTED: Final = 128 + signal.SIGINT
_ROOT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class OurPackages:
    """Finds this program's packages beside this one, whatever else is called like them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package's spec; `None` for every other module, which other finders look for."""
        if path is not None or name not in PACKAGES:
            return None
        return PathFinder.find_spec(name, [_ROOT])


def begin() -> None:
    """Prepares the process of a command, whose modules are all this program's or a library's.

    The current folder is taken from the module path, here and in the processes that are started, and
    modules of our names on `PYTHONPATH` come after ours: nothing of the user's is imported in their place.
    Until `run_command` takes over, Ctrl-C and SIGTERM end the process at once.
    """
    keep_our_packages()
    if os.path.realpath(os.curdir) != os.path.realpath(_ROOT):
        here = {"", os.curdir, _current_folder()}
        sys.path[:] = [entry for entry in sys.path if entry not in here]
    # Processes that `multiprocessing` spawns get this path, but not the finder.
    if any(_others(name, PathFinder.find_spec(name)) for name in PACKAGES):
        sys.path.insert(0, _ROOT)
    os.environ["PYTHONSAFEPATH"] = "1"
    end_at_once_when_interrupted()


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def keep_our_packages() -> None:
    """Makes imports of our packages' names find ours, for the rest of the process."""
    if OurPackages not in sys.meta_path:
        sys.meta_path.insert(0, OurPackages)


def check_packages() -> None:
    """Checks that the names of this program's packages lead to them, for a script that imports them.

    Raises:
        ImportError: Another module has one of the names; says which.
    """
    for name in PACKAGES:
        module = sys.modules.get(name)
        if other := _others(name, find_spec(name) if module is None else module.__spec__):
            raise ImportError(
                f"`import {name}` finds {other}, expected avq-search's package in {_ROOT}; "
                "rename that file, or keep it in another folder"
            )


def _others(name: str, spec: ModuleSpec | None) -> str | None:
    """The file or folder that is imported in place of our package of this name; `None` for ours, or without one."""
    if spec is None:
        return None
    path = spec.origin or next(iter(spec.submodule_search_locations or ()), None)
    ours = os.path.join(_ROOT, name, "__init__.py")
    return path if path and os.path.realpath(path) != os.path.realpath(ours) else None


def end_at_once_when_interrupted() -> None:
    """Makes Ctrl-C and SIGTERM end the process at once; one that is ignored stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    say_interrupted()
    os._exit(INTERRUPTED)


def say_interrupted() -> None:
    """Writes the word to stderr as it is, whatever state `sys.stderr` is in."""
    try:
        os.write(2, b"interrupted\n")
    except OSError:
        return  # nobody reads it


def run_script() -> None:
    """The installed script `avq-search`."""
    begin()
    importlib.import_module("search.commands").run()
