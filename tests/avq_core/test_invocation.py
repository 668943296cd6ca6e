"""Commands are named as the user starts them."""

import sys

import pytest

from avq_core.invocation import as_typed, typed


@pytest.mark.parametrize(
    ("program", "show"),
    [
        ("/env/bin/avq-search", "avq-search show"),
        ("/site/studies/show.py", "python -m studies.show"),
        ("", "python -m studies.show"),
    ],
)
def test_a_command_is_named_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch, program: str, show: str
) -> None:
    """In its help and in whatever it says of other commands."""
    monkeypatch.setattr(sys, "argv", [program])
    assert typed("studies.show") == show
    assert as_typed("see python -m studies.show; python -m pip stays") == (
        f"see {show}; python -m pip stays"
    )
    monkeypatch.setattr(sys, "argv", [])
    assert typed("search.run") == "python -m search.run"
