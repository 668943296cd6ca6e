"""Names of studies as folders."""

from pathlib import Path

import pytest

from studies.names import PREPARED, is_name, results_folder


@pytest.mark.parametrize("name", ["demo-extended-small", "a", "9.1_b", "x" * 100])
def test_a_plain_name_is_its_folder(name: str) -> None:
    """So that people find it."""
    assert is_name(name)
    assert results_folder(Path("runs"), name) == Path("runs") / name


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "/etc", "a/b", ".x", "-x", "x" * 101, "é", PREPARED]
)
def test_a_name_that_leads_elsewhere_does_not(name: str) -> None:
    """A shared database may hold any: its folder stays among the results."""
    assert not is_name(name)
    folder = results_folder(Path("runs"), name)
    assert folder.parent == Path("runs")
    assert is_name(folder.name)
    assert folder != results_folder(Path("runs"), name + "x")
