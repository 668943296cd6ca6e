"""A file of curves with the settings of its configurations, and the landscape of two of its tasks."""

from pathlib import Path

import numpy as np
import pytest
from learning_curves import synthetic_losses

from benchmarks.pruners.curves import read_curves
from benchmarks.simulated_search.landscape import Landscape, make_landscape, read_places


@pytest.fixture
def searchable_file(tmp_path: Path) -> Path:
    """Three tasks, 60 configurations of two settings, 16 epochs; the first setting makes curves better."""
    rng = np.random.default_rng(0)
    losses = synthetic_losses(rng, 3, 60, 17)
    configs = rng.random((60, 2))
    losses -= configs[:, :1, None].transpose(1, 0, 2) * np.linspace(0, 1, 17)
    path = tmp_path / "searchable.npz"
    np.savez(path, valid_loss=losses.astype(np.float32), configs=np.stack([configs] * 3))
    return path


@pytest.fixture
def landscape(searchable_file: Path) -> Landscape:
    """The first two tasks, judged after 2, 6 and 14 epochs."""
    curves = read_curves(searchable_file)
    return make_landscape(curves, read_places(searchable_file, 60), (0, 1), [2, 6, 14])
