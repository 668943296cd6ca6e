"""Simulated studies whose truth is known."""

import json
from pathlib import Path

import pytest

from benchmarks.honesty.__main__ import main
from benchmarks.honesty.coverage import coverage
from benchmarks.honesty.winners_curse import winners_curse
from benchmarks.honesty.world import WORLDS

MEDIUM = WORLDS[1]


@pytest.mark.slow
def test_intervals_contain_the_truth_about_as_often_as_they_claim() -> None:
    """Of 150 studies; 95 % less three standard errors of that many."""
    for row in coverage(MEDIUM, 150, seed=3):
        assert 0.89 < row.held < 0.99
        assert row.mean == pytest.approx(row.truth, abs=0.02)


@pytest.mark.slow
def test_the_search_score_is_too_high_and_the_confirmed_score_is_not() -> None:
    """Among 200 equals the winner's search score is luck."""
    curse = winners_curse(MEDIUM, 0.5, 40, seed=3)
    assert curse.search[0] > 0.04
    assert abs(curse.confirmed[0]) < 0.01 + 3 * curse.confirmed[1]
    assert abs(curse.test[0]) < 0.01 + 3 * curse.test[1]


def test_the_command_prints_both_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And writes the same numbers to a file."""
    path = tmp_path / "honesty.json"
    assert main(["--studies", "2", "--json", str(path)]) == 0
    assert "confirmed - truth" in capsys.readouterr().out
    content = json.loads(path.read_text())
    assert {row["world"] for row in content["coverage"]} == {world.name for world in WORLDS}
    assert len(content["curse"]) == 3
