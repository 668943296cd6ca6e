"""YAML as people edit it: plain values, and the line on which each key stands.

A mistake in a file is reported with its line: broken YAML, a key that stands twice, and
whatever a reader of the values finds wrong with one of them (`YamlFile.error`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from avq_core.config.steps import Steps, dotted
from avq_core.errors import ConfigError

if TYPE_CHECKING:
    import yaml

_EXPONENT: Final = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$")
_MEND: Final = "check quotes, brackets and indentation there"


@dataclass(frozen=True, kw_only=True, slots=True)
class YamlFile:
    """A mapping that was read from a file."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[Steps, int]
    """Where each key and each item stands, counted from 1."""

    def error(self, steps: Sequence[str], message: str) -> ConfigError:
        """What is wrong with a value, headed by the file and the line.

        Args:
            steps: Of the value; of one that the file leaves out, the line of what would hold it is
                named, if there is any.
            message: What was got, what was expected, how to mend it.
        """
        line = next((line for part in _shorter(steps) if (line := self.lines.get(part))), None)
        return ConfigError(f"{_place(self.path, line)}: {message}")


def read_yaml_file(path: Path) -> YamlFile:
    """Reads a YAML mapping of plain values.

    Raises:
        ConfigError: No such file, not YAML, a key that stands twice, or not a mapping.
    """
    values, lines = _read(path)
    if not isinstance(values, dict):
        got = "nothing" if values is None else type(values).__name__
        raise ConfigError(f"{path} holds {got}, expected settings by name")
    return YamlFile(path=path, values=values, lines=lines)


def yaml_text(values: Mapping[str, Any]) -> str:
    """Plain values as YAML that `read_yaml_file` reads as the same."""
    import yaml

    text: str = yaml.dump(dict(values), Dumper=_dumper(), sort_keys=False, allow_unicode=True)
    return text


def _read(path: Path) -> tuple[Any, dict[Steps, int]]:
    import yaml

    text = _text(path)
    try:
        loader = _loader()(text)
        node = loader.get_single_node()
        lines = {} if node is None else _lines(node, loader, path)
        return (None if node is None else loader.construct_document(node)), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        line = None if mark is None else mark.line + 1
        raise ConfigError(f"{_place(path, line)}: is not YAML: {problem}; {_MEND}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{_place(path, line)}: is not YAML: it holds the control character "
            f"{chr(int(error.character))!r}; take it out"
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{path} is not YAML that can be read: nested too deeply") from error


@cache
def _loader() -> "type[yaml.SafeLoader]":
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML speaks YAML 1.1, which reads `1e-3` as a word."""

    _read_exponents(Loader)
    return Loader


@cache
def _dumper() -> "type[yaml.SafeDumper]":
    import yaml

    class Dumper(yaml.SafeDumper):
        """Puts a word such as `1e3` in quotes, which the loader takes for a number."""

    _read_exponents(Dumper)
    return Dumper


def _read_exponents(resolver: "type[yaml.SafeLoader | yaml.SafeDumper]") -> None:
    resolver.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))


def _text(path: Path) -> str:
    content = b""
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{_place(path, line)}: is not YAML: text that is not UTF-8; save the file as UTF-8"
        ) from error


def _lines(root: "yaml.Node", loader: "yaml.SafeLoader", path: Path) -> dict[Steps, int]:
    """The line of every key and item.

    Raises:
        ConfigError: A key stands twice, or a value is none, such as the date 2001-99-99.
    """
    import yaml

    lines: dict[Steps, int] = {}
    # An alias shares its anchor's node: walked once, or a few lines could unfold to millions.
    seen: set[int] = set()
    waiting: list[tuple[Steps, yaml.Node]] = [((), root)]
    while waiting:
        steps, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        _check_scalar(node, loader, path)
        if isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                _check_scalar(key, loader, path)
        below: list[tuple[Steps, yaml.Node]] = []
        for name, value, line in _children(node):
            child = (*steps, name)
            if child in lines:
                raise ConfigError(
                    f"{_place(path, line)}: {dotted(child)} stands twice, first on line "
                    f"{lines[child]}; keep one of the two"
                )
            lines[child] = line
            below.append((child, value))
        waiting += reversed(below)  # in the order of the text: an anchor before its aliases
    return lines


def _children(node: "yaml.Node") -> Iterator[tuple[str, "yaml.Node", int]]:
    """Name, value and line of what a node holds; keys that are no scalars have no name."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"[{index}]", item, item.start_mark.line + 1


def _check_scalar(node: "yaml.Node", loader: "yaml.SafeLoader", path: Path) -> None:
    import yaml

    if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:merge":
        return
    try:
        loader.construct_object(node)
    # PyYAML lets Python's own errors through.
    except (ValueError, LookupError, AttributeError) as error:
        line = node.start_mark.line + 1
        raise ConfigError(
            f"{_place(path, line)}: {node.value[:40]!r} cannot be read ({error}); "
            "put it in quotes if it is a word"
        ) from error


def _shorter(steps: Sequence[str]) -> Iterator[Steps]:
    """Steps, then what holds them, up to the top."""
    for end in range(len(steps), 0, -1):
        yield tuple(steps[:end])


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}"
