"""Made-up curves: each family is as hard as it says."""

from pathlib import Path

import numpy as np
import pytest

from avq_core.cli import run_command
from benchmarks.made_curves import FAMILIES, main, make
from benchmarks.replay.curves import read_curves


def made(family: str) -> np.ndarray:
    """Curves of 45 epochs that do not diverge."""
    losses = make(family, configs=300, epochs=45, seed=0)
    return losses[:, np.isfinite(losses).all(axis=(0, 2))]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_the_layout_of_a_file_of_curves(family: str, tmp_path: Path) -> None:
    """And some curves that diverge; the same seed gives the same curves."""
    path = tmp_path / "made.npz"
    assert run_command(main, [family, str(path), "--configs", "60", "--epochs", "15"]) == 0
    curves = read_curves(path)
    assert curves.figures.shape == (4, 60, 15)
    broken = ~np.isfinite(curves.figures).all(axis=(0, 2))
    assert 0 < broken.sum() < 10
    again = make(family, configs=60, epochs=15, seed=0)[:, :, 1:]
    np.testing.assert_array_equal(curves.figures, -again.astype(np.float32))


def test_slow_curves_hide_who_ends_best() -> None:
    """The best ten at the end are nowhere near the best ten at the first rung; later they are."""
    ranks = made("slow").mean(axis=0).argsort(axis=0).argsort(axis=0)
    best = ranks[:, 45] < 10
    assert np.median(ranks[best, 3]) > 50
    assert np.median(ranks[best, 21]) < 20


def test_crossing_curves_are_ordered_late() -> None:
    """Later than even ones."""
    crossing, even = (made(family).mean(axis=0) for family in ("crossing", "even"))
    assert correlation(crossing[:, 3], crossing[:, 45]) < correlation(even[:, 3], even[:, 45])


def test_a_trade_off_sets_the_tasks_against_each_other() -> None:
    """Elsewhere they go together."""
    first, second = made("trade-off")[:2, :, -1]
    assert correlation(first, second) < -0.5
    first, second = made("even")[:2, :, -1]
    assert correlation(first, second) > 0.5


def test_restarts_throw_losses_back_within_a_cycle() -> None:
    """At the ends of cycles, epochs 9 and 21, they are where they would be without."""
    mean = made("restarts").mean(axis=(0, 1))
    assert mean[10] > mean[9] > mean[21] > mean[45]


def test_a_size_that_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert run_command(main, ["even", str(tmp_path / "x.npz"), "--epochs", "1"]) == 2
    assert "--epochs is 1, expected at least 2" in capsys.readouterr().err
