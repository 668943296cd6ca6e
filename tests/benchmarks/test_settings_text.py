"""Names with settings: what is read, and what a mistake is told."""

import math
from dataclasses import dataclass

import pytest

from avq_core.errors import ConfigError
from benchmarks.settings_text import describe, parse_named, parse_pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Settings of each type."""

    keep_share: float = 0.5
    min_peers: int = 4
    strict: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.keep_share < 1:
            raise ValueError(f"keep_share is {self.keep_share}, expected a share in (0, 1)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """No settings."""


KINDS: dict[str, type[Rule | Nothing]] = {"cycle": Rule, "none": Nothing}


def test_settings_are_read_by_the_types_of_their_fields() -> None:
    """What is not given keeps its default."""
    assert parse_named("cycle", KINDS) == Rule()
    assert parse_named("none", KINDS) == Nothing()
    text = "cycle:keep_share=2e-1,strict=true,min_peers=8"
    assert parse_named(text, KINDS) == Rule(keep_share=0.2, min_peers=8, strict=True)
    (share,) = parse_pairs("a.b=c=d").items()
    assert share == ("a.b", "c=d")
    assert math.isclose(Rule().keep_share, 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "cycles",
            r"'cycles' names 'cycles', expected one of cycle, none \(did you mean cycle\?\)",
        ),
        ("cycle:keep_shar=0.3", r"sets 'keep_shar', expected .* \(did you mean keep_share\?\)"),
        ("cycle:x=1", "sets 'x', expected one of keep_share, min_peers, strict$"),
        ("cycle:min_peers=0.3", "sets min_peers to '0.3', expected a whole number"),
        ("cycle:keep_share=much", "sets keep_share to 'much', expected a number"),
        ("cycle:strict=yes", "sets strict to 'yes', expected true or false"),
        ("cycle:0.3", "'0.3' is no setting, expected key=value"),
        ("cycle:strict=true,strict=false", "strict is set twice"),
        ("cycle:keep_share=1.5", r"'cycle:keep_share=1.5': keep_share is 1.5, expected a share"),
        ("none:keep_share=0.3", "sets keep_share, but none has no settings; say none"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected(text: str, message: str) -> None:
    """And with the nearest name where there is one."""
    with pytest.raises(ConfigError, match=message):
        parse_named(text, KINDS)


def test_the_help_lists_each_name_with_its_settings() -> None:
    """A name without settings stands alone."""
    assert describe(KINDS) == "  cycle: keep_share, min_peers, strict\n  none"
