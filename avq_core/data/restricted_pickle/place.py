"""Where in nested dicts and lists a pickle machine is, from what lies on its stack."""

from collections.abc import Sequence
from typing import Any

from avq_core.data.restricted_pickle.values import Stateful


def place_of(levels: Sequence[list[Any]]) -> list[str]:
    """Keys and places in lists, from the top to what is being read.

    A container lies on the stack before what it will hold, so the stack tells most of the way. It cannot
    tell `{"a": {}, "b": here}` from `{"a": {"b": here}}`; the second is taken.

    Args:
        levels: The stack, cut at its marks.
    """
    steps: list[str] = []
    outer: list[Any] = []
    for items in levels:
        inner, below = _without_single(items)
        container = outer[-1] if outer else None
        outer = items
        if type(container) is dict and inner:
            # Keys and values alternate; the last key has no value, or one that is not whole.
            steps += _key(inner[(len(inner) - 1) // 2 * 2])
        elif type(container) is list:
            begun = bool(inner) and (items is not levels[-1] or isinstance(inner[-1], Stateful))
            steps.append(str(len(container) + len(inner) - (begun or bool(below))))
        steps += below
    return steps


def _without_single(items: list[Any]) -> tuple[list[Any], list[str]]:
    """Splits off the keys of dicts of a single entry, which are filled without a mark."""
    keys: list[str] = []
    while True:
        if len(items) > 2 and _is_empty(items[-3]) and _key(items[-2]):
            items = items[:-1]  # what the entry holds
        if len(items) < 2 or not _is_empty(items[-2]) or not _key(items[-1]):
            return items, keys
        keys = [*_key(items[-1]), *keys]
        items = items[:-1]


def _is_empty(value: Any) -> bool:
    return type(value) is dict and not value


def _key(value: Any) -> list[str]:
    return [str(value)[:40]] if type(value) in (str, int) else []
