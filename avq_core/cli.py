"""A command's options: a parser and types whose errors are one line with got, expected, mend."""

import argparse
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from avq_core.bounds import Bounds
from avq_core.errors import AvqError
from avq_core.invocation import as_typed
from avq_core.nearest import did_you_mean

_ARGUMENT: Final = re.compile(r"argument (?P<name>[^:]+): (?P<problem>.*)", re.DOTALL)
_CHOICE: Final = re.compile(r"invalid choice: (?P<got>'.*') \(choose from (?P<names>.*)\)")
_UNKNOWN: Final = "unrecognized arguments: "
_URL: Final = re.compile(r"(://)\S+")
"""What follows may hold a password."""


class OptionError(AvqError):
    """A command line that the command's parser does not take."""


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors read like every other mistake: one line with got, expected, mend.

    Abbreviated options are refused: a later version may read them differently.
    """

    def __init__(self, **settings: Any) -> None:
        """Takes the arguments of `argparse.ArgumentParser`, with other defaults."""
        super().__init__(**{"allow_abbrev": False, **settings})
        self.description = as_typed(self.description or "")

    def error(self, message: str) -> NoReturn:
        """Raises an `OptionError`, which `run_command` prints in one line."""
        raise OptionError(self._reworded(message))

    def _reworded(self, message: str) -> str:
        """An error of argparse in this program's wording."""
        manual = f"{self.prog} --help lists the options"
        if message.startswith(_UNKNOWN):
            message = _URL.sub(r"\1...", message)
            given = message.removeprefix(_UNKNOWN).split()[0].partition("=")[0]
            options = [name for action in self._actions for name in action.option_strings]
            return f"{message}{_guess(given, options)}; {manual}"
        argument = _ARGUMENT.fullmatch(message)
        if argument is None:
            return f"{message}; {manual}"
        name, problem = argument["name"], argument["problem"]
        if choice := _CHOICE.fullmatch(problem):
            names = choice["names"].replace("'", "")
            guess = _guess(choice["got"].strip("'"), names.split(", "))
            return f"{name} is {choice['got']}, expected one of {names}{guess}"
        if problem.startswith("is "):
            return f"{name} {problem}"
        return f"{name}: {problem}; {manual}"


def _guess(given: str, names: Sequence[str]) -> str:
    """The end of a message: a question for the name that was probably meant, where one is close."""
    question = did_you_mean(given, names)
    return f"; {question}" if question else ""


def refused(got: str, expected: object) -> argparse.ArgumentTypeError:
    """The error by which an option's `type` says what it got and what it expected."""
    return argparse.ArgumentTypeError(f"is {got}, expected {expected}")


def bounded(bounds: Bounds) -> Callable[[str], Any]:
    """An option's `type` for numbers within bounds."""

    def parse(text: str) -> float:
        try:
            value = int(text) if bounds.integral else float(text)
        except ValueError:
            raise refused(repr(text), bounds) from None
        if not bounds.hold(value):
            raise refused(text, bounds)
        return value

    return parse


def integer(minimum: int, maximum: int | None = None) -> Callable[[str], Any]:
    """An option's `type` for integers, from `minimum` up to `maximum` where there is one."""
    return bounded(Bounds(minimum=minimum, maximum=maximum))


def number(minimum: float, maximum: float | None = None) -> Callable[[str], Any]:
    """An option's `type` for finite numbers, from `minimum` up to `maximum` where there is one."""
    return bounded(Bounds(minimum=minimum, maximum=maximum, integral=False))


def file_ending(*suffixes: str) -> Callable[[str], Path]:
    """An option's `type` for files whose names say their format.

    Args:
        suffixes: Suffixes that are allowed, with their dots.
    """

    def parse(text: str) -> Path:
        path = Path(text)
        if path.suffix not in suffixes:
            raise refused(text, f"a name that ends in {', '.join(suffixes)}")
        return path

    return parse


def with_flags(text: str, names: Collection[str]) -> str:
    """A message with the flags of a command in place of the settings' own names.

    Args:
        text: The message; a setting stands in backticks there, such as `score_weights`.
        names: Settings that are options of the command.
    """

    def flag(setting: re.Match[str]) -> str:
        name = setting[1]
        return f"--{name.replace('_', '-')}" if name in names else setting[0]

    return re.sub(r"`([a-z_]+)`", flag, text)
