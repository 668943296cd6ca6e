"""Recorded configurations as a space, and where its start comes from."""

from pathlib import Path

import numpy as np
import pytest

from avq_core.errors import DataError
from benchmarks.pruners.curves import read_curves
from benchmarks.simulated_search.landscape import Landscape, read_places


def test_the_start_is_the_best_of_the_other_tasks(
    landscape: Landscape, searchable_file: Path
) -> None:
    """Of three tasks, the only one outside the pair decides."""
    third = read_curves(searchable_file).metrics[2, :, -1]
    start = np.array(list(landscape.space.start.values()))
    best = np.nanargmax(np.where(np.isfinite(third), third, np.nan))
    assert landscape.nearest(start, np.ones(60, bool)) == best


def test_equal_settings_have_the_same_place(tmp_path: Path) -> None:
    """Wherever they stand in the file; one that never changes lies at zero."""
    path = tmp_path / "some.npz"
    np.savez(path, configs=np.array([[8, 1], [16, 1], [8, 1], [32, 1]]))
    assert read_places(path, 4).tolist() == [[0, 0], [0.5, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        (None, "has no numbers as `configs`"),
        (np.zeros((5, 2)), r"has shape \(5, 2\), expected configs"),
        (np.arange(12.0).reshape(2, 3, 2), "the same for every task"),
    ],
)
def test_a_file_without_the_settings_is_refused(
    configs: np.ndarray | None, message: str, tmp_path: Path
) -> None:
    """The message says what is missing or has another shape."""
    path = tmp_path / "some.npz"
    arrays = {} if configs is None else {"configs": configs}
    np.savez(path, valid_loss=np.ones((2, 3, 4)), **arrays)
    with pytest.raises(DataError, match=message):
        read_places(path, 3)
