"""The nodes of a YAML text before they become values: where they stand, and which are refused.

Settings are plain values: mappings by name, lists, text, numbers, true, false and null. YAML can hold
more: other types by tag, values that contain themselves, and few lines that unfold to billions.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from avq_core.config.steps import Steps, dotted

if TYPE_CHECKING:
    import yaml

MAX_VALUES: Final = 100_000
"""Values of a file, an alias counted as often as it stands; an export of 30 networks has 3,000."""
MAX_DEPTH: Final = 30
"""Containers around a value; an exported ensemble has 6."""
_MAX_INTEGER: Final = 2**63
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset(
    {f"{_TAG}{name}" for name in ("str", "timestamp", "int", "float", "bool", "null", "map", "seq")}
)
_NAMES: Final = frozenset({f"{_TAG}{name}" for name in ("str", "timestamp", "merge")})
"""What may be a key: text, a date as text, and `<<`."""


class NodeError(ValueError):
    """What is wrong with a node."""

    def __init__(self, message: str, node: "yaml.Node | None" = None, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line if node is None else node.start_mark.line + 1
        """Where it stands, counted from 1."""


def check_nodes(root: "yaml.Node", loader: "yaml.SafeLoader") -> None:
    """Checks that a text holds plain values by name, and not more than settings need.

    Raises:
        NodeError: Another type of value, a key that is no text, a value that contains itself, or
            too many or too deeply nested values.
    """
    sizes: dict[int, tuple[int, int]] = {}
    """A node's id to the values in it and the containers around the deepest."""
    entered: set[int] = set()
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    while waiting:
        node, leaving = waiting.pop()
        if leaving:
            entered.remove(id(node))
            inner = [sizes[id(child)] for child in _parts(node)]
            size = 1 + sum(values for values, _ in inner)
            depth = 1 + max((depth for _, depth in inner), default=0)
            if size > MAX_VALUES:
                raise NodeError(f"it unfolds to more than {MAX_VALUES:,} values; shorten it", node)
            if depth > MAX_DEPTH:
                raise NodeError(f"it is nested deeper than {MAX_DEPTH}; write it flatter", node)
            sizes[id(node)] = size, depth
        elif id(node) in entered:
            raise NodeError("it contains itself; take the alias out", node)
        elif id(node) not in sizes:
            _check_node(node, loader)
            entered.add(id(node))
            waiting.append((node, True))
            waiting += [(child, False) for child in reversed(_parts(node))]


def lines_of(root: "yaml.Node") -> dict[Steps, int]:
    """The line of every key and item, counted from 1.

    Raises:
        NodeError: A key stands twice.
    """
    lines: dict[Steps, int] = {}
    # An alias shares its anchor's node: walked once, or a few lines could unfold to millions.
    seen: set[int] = set()
    waiting: list[tuple[Steps, yaml.Node]] = [((), root)]
    while waiting:
        steps, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        below: list[tuple[Steps, yaml.Node]] = []
        for name, value, line in _children(node):
            child = (*steps, name)
            if child in lines:
                raise NodeError(
                    f"{dotted(child)} stands twice, first on line {lines[child]}; keep one of the "
                    "two",
                    line=line,
                )
            lines[child] = line
            below.append((child, value))
        waiting += reversed(below)  # in the order of the text: an anchor before its aliases
    return lines


def _parts(node: "yaml.Node") -> "list[yaml.Node]":
    import yaml

    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _children(node: "yaml.Node") -> Iterator["tuple[str, yaml.Node, int]"]:
    """Name, value and line of what a node holds."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"[{index}]", item, item.start_mark.line + 1


def _check_node(node: "yaml.Node", loader: "yaml.SafeLoader") -> None:
    """Checks one node, without what it contains."""
    import yaml

    if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}merge":
        return
    if node.tag not in _PLAIN:
        shown = f"!!{node.tag.removeprefix(_TAG)}" if node.tag.startswith(_TAG) else node.tag
        raise NodeError(
            f"the tag {shown[:60]!r} cannot be read, expected text, numbers, true, false, null, "
            "lists and mappings; take it out",
            node,
        )
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, loader)
    elif isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise NodeError("a list or a mapping stands as a key, expected a name", key)
            if key.tag not in _NAMES:
                raise NodeError(
                    f"the key {key.value[:40]!r} is no text, expected a name; put it in quotes if "
                    "it is one",
                    key,
                )


def _check_scalar(node: "yaml.ScalarNode", loader: "yaml.SafeLoader") -> None:
    try:
        value = loader.construct_object(node)
    # PyYAML lets Python's own errors through.
    except (ValueError, LookupError, AttributeError) as error:
        raise NodeError(
            f"{node.value[:40]!r} cannot be read ({error}); put it in quotes if it is a word", node
        ) from error
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise NodeError(
            f"{node.value[:40]!r} is an integer of more than 64 bits; put it in quotes if it is a "
            "word",
            node,
        )
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise NodeError(
            f"{ascii(value)[:40]} is not Unicode text; take out the \\ud... in it", node
        )
