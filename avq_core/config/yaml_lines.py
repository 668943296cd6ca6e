"""YAML as people edit it: plain values, and the line on which each key stands.

A mistake in a file is reported with its line: broken YAML, a key that stands twice, a value that is no
plain one, and whatever a reader of the values finds wrong with one of them (`YamlFile.error`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from avq_core.config import yaml_words
from avq_core.config.steps import Steps
from avq_core.config.yaml_nodes import NodeError, check_nodes, lines_of
from avq_core.errors import ConfigError

_MAX_BYTES: Final = 1 << 18
"""A file of settings has a few thousand bytes, an export of 30 networks a hundred thousand."""
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
        ConfigError: No such file, too large, not YAML, a key that stands twice, values that are not
            plain, or not a mapping.
    """
    values, lines = _read(path)
    if not isinstance(values, dict):
        got = "nothing" if values is None else type(values).__name__
        raise ConfigError(f"{path} holds {got}, expected settings by name")
    return YamlFile(path=path, values=values, lines=lines)


def yaml_text(values: Mapping[str, Any]) -> str:
    """Plain values as YAML that `read_yaml_file` reads as the same."""
    import yaml

    text: str = yaml.dump(
        dict(values), Dumper=yaml_words.dumper(), sort_keys=False, allow_unicode=True
    )
    return text


def _read(path: Path) -> tuple[Any, dict[Steps, int]]:
    import yaml

    text = _text(path)
    try:
        loader = yaml_words.loader()(text)
        node = loader.get_single_node()
        if node is None:
            return None, {}
        check_nodes(node, loader)
        lines = lines_of(node)
        return loader.construct_document(node), lines
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
    except NodeError as error:
        raise ConfigError(f"{_place(path, error.line)}: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is not YAML that can be read: nested too deeply") from error
    # PyYAML lets Python's own errors through, as for "\UFFFFFFFF" or %YAML 1.999...
    except (ValueError, LookupError, OverflowError) as error:
        line = loader.line + 1
        raise ConfigError(f"{_place(path, line)}: is not YAML: {error}; {_MEND}") from error


def _text(path: Path) -> str:
    content = b""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ConfigError(
                f"{path} is larger than {_MAX_BYTES >> 10} KiB, expected a file of settings, which "
                "takes a few; check its name"
            )
        return content.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{_place(path, line)}: is not YAML: text that is not UTF-8; save the file as UTF-8"
        ) from error


def _shorter(steps: Sequence[str]) -> Iterator[Steps]:
    """Steps, then what holds them, up to the top."""
    for end in range(len(steps), 0, -1):
        yield tuple(steps[:end])


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}"
