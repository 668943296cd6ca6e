"""Simulated studies whose truth is known."""

import json
from pathlib import Path

import pytest

from benchmarks.honesty import WORLDS, coverage, curse, main

MIDDLING = WORLDS[1]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of 150 studies; 95 % less three standard errors of that many."""
    for row in coverage(MIDDLING, 150, seed=3):
        assert 0.89 < row.held < 0.99
        assert row.mean == pytest.approx(row.truth, abs=0.02)


def test_the_search_promises_too_much_and_the_confirmation_does_not() -> None:
    """Among 200 equals the winner's own figure is luck."""
    found = curse(MIDDLING, 0.5, 40, seed=3)
    assert found.search[0] > 0.04
    assert abs(found.confirmed[0]) < 0.01 + 3 * found.confirmed[1]
    assert abs(found.test[0]) < 0.01 + 3 * found.test[1]


def test_the_command_prints_both_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a file of the same for programs."""
    path = tmp_path / "honesty.json"
    assert main(["--studies", "2", "--json", str(path)]) == 0
    assert "confirmed - truth" in capsys.readouterr().out
    found = json.loads(path.read_text())
    assert {row["world"] for row in found["coverage"]} == {world.name for world in WORLDS}
    assert len(found["curse"]) == 3
