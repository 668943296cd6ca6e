"""How alike folds are, by three ways to cut them."""

import numpy as np
import pytest

from benchmarks.folds import CUTTERS, load, measure


def test_deviations_are_of_the_worst_fold_from_an_equal_share() -> None:
    """Sides of 2, 2 and 5 clips: 5 is two thirds more than 3; labels deviate as much as clips."""
    labels = np.ones((9, 1), dtype=np.float32)
    sides = np.split(np.arange(9), [2, 4])
    worst, clips, of_labels, _ = measure(lambda *_: list(sides), ["a"] * 9, labels, seeds=2)
    assert worst == "2 / 2 / 5"
    assert clips == of_labels == "66.7%, at most 66.7%"


@pytest.mark.parametrize("way", CUTTERS)
def test_every_way_cuts_all_clips_into_three_folds(way: str) -> None:
    """Each clip is on one val side."""
    groups, labels = load("uneven")
    sides = CUTTERS[way](groups, labels, 0)
    assert len(sides) == 3
    assert sorted(np.concatenate(sides)) == list(range(502))
