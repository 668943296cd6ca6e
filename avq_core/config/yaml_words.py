"""What a plain word of YAML is: a number, true, false, null, or text.

PyYAML speaks YAML 1.1, in which `1e-3` is text, but `2026-02-28` a date, `1:30` the number 90 and
`010` the number 8. People who edit settings mean a number by the first and text by the others.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import yaml

_TAG: Final = "tag:yaml.org,2002:"
_FIRST: Final = list("-+.0123456789")
"""Characters that a number may begin with."""
_INTEGER: Final = re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0b[01_]+|0x[0-9a-fA-F_]+)$")
_FLOAT: Final = re.compile(
    r"^(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_DATE: Final = f"{_TAG}timestamp"
_AS_IN_YAML: Final = frozenset({f"{_TAG}{name}" for name in ("bool", "null", "merge")} | {_DATE})


@cache
def loader() -> "type[yaml.SafeLoader]":
    """Reads words as people mean them."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows no numbers of base 60 and no octal ones; a date is text, but must exist."""

        def construct_date(self, node: yaml.ScalarNode) -> str:
            """The date as it is written; a `ValueError` tells of one that does not exist."""
            self.construct_yaml_timestamp(node)
            return str(node.value)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag in _AS_IN_YAML]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_constructor(_DATE, Loader.construct_date)
    Loader.add_implicit_resolver(f"{_TAG}int", _INTEGER, _FIRST)
    Loader.add_implicit_resolver(f"{_TAG}float", _FLOAT, _FIRST)
    return Loader


@cache
def dumper() -> "type[yaml.SafeDumper]":
    """Puts every word in quotes that some reader of YAML could take for something else."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Knows the words of YAML 1.1, and the numbers that only `loader` reads as such."""

    Dumper.add_implicit_resolver(f"{_TAG}float", _FLOAT, _FIRST)
    return Dumper
