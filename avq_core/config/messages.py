"""A pydantic error as the project's one line: the setting, what was got, what was expected.

optim.lr is -1, expected a number > 0
unknown setting model.hiden_dim, did you mean hidden_dim? expected one of hidden_dim, ...
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from avq_core.config.constraints import CHOICES, EXPECTED, SETTING
from avq_core.config.steps import Steps, dotted
from avq_core.errors import SettingError
from avq_core.nearest import did_you_mean

_UNKNOWN: Final = ("extra_forbidden", "invalid_key")
_NO_MAPPING: Final = ("model_type", "model_attributes_type")
_KEY: Final = "[key]"
"""Ends the location of a mapping's key that is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """How messages about a group of settings speak."""

    section: str = ""
    """What leads a setting's name, such as `optim` in `optim.lr`; empty for nothing."""
    noun: str = "setting"
    """What the names of the group are called."""
    whole: str = "a configuration"
    """What the group itself is called."""
    error: type[SettingError] = SettingError
    """What to raise."""


def setting_error(
    error: ValidationError, model: type[BaseModel], *, wording: Wording, below: Steps
) -> SettingError:
    """The error for the first mistake, in one line.

    Args:
        error: What pydantic found wrong.
        model: What was to be built.
        wording: How to speak of it.
        below: Steps to the values themselves, named in the message and not in its `steps`.
    """
    prefix = (*below, wording.section) if wording.section else below
    # An unknown name comes first: it may be the misspelling of one that is missing.
    mistake = min(error.errors(include_url=False), key=lambda each: each["type"] not in _UNKNOWN)
    steps = _steps(mistake)
    inner = mistake.get("ctx", {}).get("error")
    if isinstance(inner, SettingError):
        return wording.error(
            f"{dotted((*prefix, *steps))}: {inner}",
            steps=(*steps, *inner.steps),
            unknown=inner.unknown,
        )
    path = dotted((*prefix, *steps))
    owner = _owner(model, steps)
    if mistake["type"] in _UNKNOWN:
        noun = "section" if _parts(owner) else wording.noun
        hint = _hint(model, owner, steps[-1])
        message = f"unknown {noun} {path}, {hint}{one_of(owner.model_fields)}"
        return wording.error(message, steps=steps, unknown=True)
    if mistake["loc"][-1:] == (_KEY,):
        path = f"a name in {dotted((*prefix, *steps[:-1]))}"
    return wording.error(_sentence(mistake, path or wording.whole, owner), steps=steps)


def one_of(names: Iterable[object]) -> str:
    """What was expected, where it is one of several."""
    return f"expected one of {', '.join(map(str, names))}"


def guess(name: object, names: Iterable[str]) -> str:
    """What leads the list of names that were expected: a question for the nearest, where one is close."""
    question = did_you_mean(name, names)
    return f"{question} " if question else ""


def _sentence(mistake: ErrorDetails, path: str, owner: type[BaseModel]) -> str:
    """What is wrong with a setting that exists."""
    context: dict[str, Any] = mistake.get("ctx", {})
    got = context.get("got", mistake["input"])
    if mistake["type"] == "missing":
        required = [name for name, field in owner.model_fields.items() if field.is_required()]
        usual = f"at least {_listed(required)}"
        return f"{path} is missing, expected {context.get(EXPECTED, usual)}"
    if mistake["type"] in _NO_MAPPING:
        expected = f"settings by name: {', '.join(owner.model_fields)}"
        return f"{path} is {got!r}, expected {expected}"
    if mistake["type"] == CHOICES:
        choices = context["choices"]
        return f"{path} is {got!r}, {guess(got, choices)}{one_of(choices)}"
    usual = mistake["msg"].removeprefix("Input should be ")
    return f"{path} is {got!r}, expected {context.get(EXPECTED, usual)}"


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _steps(mistake: ErrorDetails) -> Steps:
    location = mistake["loc"]
    if location[-1:] == (_KEY,) or mistake["type"] == "invalid_key":
        return tuple(str(step) for step in location if step != _KEY)
    steps = tuple(f"[{step}]" if isinstance(step, int) else step for step in location)
    return (*steps, *mistake.get("ctx", {}).get(SETTING, ()))


def _parts(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The fields of a model that are models themselves."""
    annotations = {name: field.annotation for name, field in model.model_fields.items()}
    return {
        name: annotation
        for name, annotation in annotations.items()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
    }


def _owner(model: type[BaseModel], steps: Steps) -> type[BaseModel]:
    """The innermost model on the way to a value."""
    for step in steps:
        model = _parts(model).get(step, model)
    return model


def _hint(model: type[BaseModel], owner: type[BaseModel], name: str) -> str:
    """What may have been meant: the same name in another section, or a name that is close."""
    for home, part in _parts(model).items():
        if name in part.model_fields:
            return f"{name} stands under {home}; "
    return guess(name, owner.model_fields)
