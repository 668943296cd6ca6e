"""YAML as people write it: `1e-3` is a number, and a key stands once."""

import re
from pathlib import Path
from typing import Any

from space.errors import SpaceError


def read(path: Path) -> Any:
    """Reads one YAML document of plain values.

    Raises:
        SpaceError: No such file, not YAML, or a key that stands twice.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML speaks YAML 1.1, which reads `1e-3` as a word and lets a second key win."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise SpaceError(f"{twice!r} stands twice, expected it once")
            return super().construct_mapping(node, deep)

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$"),
        list("-+.0123456789"),
    )
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SpaceError(f"cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpaceError(f"is not YAML: {' '.join(str(error).split())}") from error
