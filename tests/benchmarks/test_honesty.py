"""Simulated studies whose truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.honesty.__main__ import main
from benchmarks.honesty.choice import FIELDS, choosing
from benchmarks.honesty.coverage import coverage
from benchmarks.honesty.winners_curse import winners_curse
from benchmarks.honesty.world import NUM_TEST, WORLDS, groups_of

MEDIUM = WORLDS[1]


@pytest.mark.slow
def test_intervals_contain_the_truth_about_as_often_as_they_claim() -> None:
    """Of 150 studies; 95 % less three standard errors of that many."""
    for row in coverage(MEDIUM, 150, seed=3):
        assert 0.89 < row.held < 0.99
        assert row.mean == pytest.approx(row.truth, abs=0.02)


@pytest.mark.slow
def test_intervals_hold_where_groups_are_uneven() -> None:
    """Of 200 studies with 30 groups of sizes as 1 / rank; by their number it would be 90 %."""
    world = next(world for world in WORLDS if world.ranked_groups == 30)
    by_metric = {row.metric: row.held for row in coverage(world, 200, seed=3)}
    assert by_metric["R²"] > 0.9
    assert by_metric["Pearson"] > 0.9


def test_groups_as_one_by_rank() -> None:
    """All clips belong to one, the second has half as many as the first, and the last some."""
    sizes = np.bincount(groups_of(NUM_TEST, 30))
    assert sizes.sum() == NUM_TEST
    assert len(sizes) == 30
    assert sizes[1] == pytest.approx(sizes[0] / 2, abs=1)
    assert sizes.min() > 0


@pytest.mark.slow
def test_the_search_score_is_too_high_and_the_confirmed_score_is_not() -> None:
    """Among 200 equals the winner's search score is luck."""
    curse = winners_curse(MEDIUM, 0.5, 40, seed=3)
    assert curse.search[0] > 0.04
    assert abs(curse.confirmed[0]) < 0.01 + 3 * curse.confirmed[1]
    assert abs(curse.test[0]) < 0.01 + 3 * curse.test[1]


def test_the_highest_mean_is_better_than_the_simplest_within_an_error() -> None:
    """Where size has nothing to do with merit; the second seed where the choice is open adds a little."""
    by_rule = {row.rule: row for row in choosing(FIELDS[2], 400, seed=3)}
    before, ours = by_rule["fewest weights within one error"], by_rule["in use"]
    assert ours.gain[0] > before.gain[0] + 0.004
    assert ours.gain[0] > by_rule["highest mean of one seed"].gain[0]
    assert before.runs < ours.runs < by_rule["highest mean of both seeds"].runs
    assert ours.corrected is not None
    assert abs(ours.corrected[0]) < 0.5 * ours.excess[0]


def test_the_command_prints_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And writes the same numbers to a file; `--tables` makes some of them."""
    path = tmp_path / "honesty.json"
    assert main(["--studies", "2", "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    for head in ("95 % interval contains it", "confirmed - truth", "true score above the mean"):
        assert head in printed
    content = json.loads(path.read_text())
    assert {row["rule"] for row in content["choice"]} >= {"in use", "highest mean of both seeds"}
    assert main(["--studies", "2", "--tables", "choice"]) == 0
    assert "confirmed - truth" not in capsys.readouterr().out
    assert {row["world"] for row in content["coverage"]} == {world.name for world in WORLDS}
    assert len(content["curse"]) == 3
