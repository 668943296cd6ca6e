"""R² over valid labels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score as sklearn_r2

from avq_core.training.metrics import num_labels, r2_by_task, r2_score


@given(st.integers(3, 60), st.integers(0, 2**31))
def test_r2_equals_sklearns_over_valid_labels(count: int, seed: int) -> None:
    """Missing labels are left out and the rest is scikit-learn's definition."""
    rng = np.random.default_rng(seed)
    targets, scores = rng.random((2, count)).astype(np.float32)
    hidden = rng.random(count) < 0.3
    hidden[:2] = False
    shown = np.where(hidden, np.nan, targets)
    expected = sklearn_r2(targets[~hidden].astype(float), scores[~hidden].astype(float))
    assert r2_score(scores, shown) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("targets", [[], [0.5], [np.nan, np.nan], [0.5, np.nan], [0.3, 0.3, 0.3]])
def test_r2_is_nan_where_it_is_not_defined(targets: list[float]) -> None:
    """Fewer than two valid labels, or labels without variance."""
    column = np.array(targets, dtype=np.float32)
    assert math.isnan(r2_score(np.zeros_like(column), column))


def test_r2_of_a_nan_score_is_nan() -> None:
    """A diverged network has no R², not a good one."""
    scores, targets = np.array([np.nan, 0.1, 0.2]), np.array([0.1, 0.2, 0.3])
    assert math.isnan(r2_score(scores, targets))


def test_r2_is_the_same_in_the_users_units() -> None:
    """An affine change of units changes nothing."""
    rng = np.random.default_rng(0)
    targets, scores = rng.random((2, 30))
    assert r2_score(scores * 1.8 - 0.8, targets * 1.8 - 0.8) == pytest.approx(
        r2_score(scores, targets)
    )


def test_metrics_by_task_use_the_tasks_column() -> None:
    """Column k belongs to task k, with its own count of labels."""
    targets = np.array([[0.0, np.nan], [1.0, 0.0], [2.0, 1.0]])
    scores = np.array([[0.0, 9.0], [1.0, 0.5], [2.0, 0.5]])
    assert r2_by_task(scores, targets, ("a", "b")) == {"a": 1.0, "b": 0.0}
    assert num_labels(targets, ("a", "b")) == {"a": 3, "b": 2}
