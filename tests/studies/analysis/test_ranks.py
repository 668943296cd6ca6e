"""Spearman's rank correlation against SciPy's."""

import random

import pytest
from scipy.stats import rankdata, spearmanr

from studies.analysis.ranks import ranks, spearman


def test_equal_values_share_their_mean_rank() -> None:
    """As SciPy ranks them."""
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    assert ranks([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_scipy_computes(seed: int) -> None:
    """With ties and without."""
    chance = random.Random(seed)
    first = [chance.choice([0.1, 0.2, chance.random()]) for _ in range(30)]
    second = [value + chance.gauss(0, 0.2) for value in first]
    assert ranks(first) == pytest.approx(rankdata(first))
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
