"""R² and its intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score as sklearn_r2

from avq_core.training.metrics import bootstrap_r2, num_labels, r2_by_task, r2_score


@settings(max_examples=100, deadline=None)
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


def test_figures_by_task_take_their_own_column() -> None:
    """Column k belongs to task k, with its own count of labels."""
    targets = np.array([[0.0, np.nan], [1.0, 0.0], [2.0, 1.0]])
    scores = np.array([[0.0, 9.0], [1.0, 0.5], [2.0, 0.5]])
    assert r2_by_task(scores, targets, ("a", "b")) == {"a": 1.0, "b": 0.0}
    assert num_labels(targets, ("a", "b")) == {"a": 3, "b": 2}


def test_bootstrap_interval_holds_the_figure_and_widens_with_groups() -> None:
    """Windows of one clip are no independent evidence, so few groups mean a wide interval."""
    rng = np.random.default_rng(0)
    speaker = rng.standard_normal(20)
    targets = np.repeat(speaker, 10) + 0.1 * rng.standard_normal(200)
    scores = targets + np.repeat(rng.standard_normal(20), 10) * 0.5
    alone = [str(i) for i in range(200)]
    shared = [str(i // 10) for i in range(200)]
    (by_sample,), _ = bootstrap_r2([scores], targets, alone, seed=0)
    (by_group,), _ = bootstrap_r2([scores], targets, shared, seed=0)
    assert by_sample.low < by_sample.value < by_sample.high
    assert by_group.high - by_group.low > by_sample.high - by_sample.low


def test_bootstrap_agrees_with_resampling_written_out() -> None:
    """The weighted form gives the quantiles of naive resampling, up to Monte Carlo noise."""
    rng = np.random.default_rng(1)
    targets = rng.standard_normal(80)
    scores = targets + 0.7 * rng.standard_normal(80)
    (interval,), _ = bootstrap_r2([scores], targets, [str(i) for i in range(80)], seed=0)
    draws = []
    for _ in range(2000):
        rows = rng.integers(0, 80, 80)
        draws.append(sklearn_r2(targets[rows], scores[rows]))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert interval.low == pytest.approx(low, abs=0.04)
    assert interval.high == pytest.approx(high, abs=0.04)


def test_paired_difference_is_sharper_than_its_parts() -> None:
    """Two models that err alike differ by a figure that is known well."""
    rng = np.random.default_rng(2)
    targets = rng.standard_normal(60)
    error = rng.standard_normal(60)
    first, second = targets + 0.8 * error, targets + 0.9 * error
    (one, _), gap = bootstrap_r2([first, second], targets, [str(i) for i in range(60)], seed=0)
    assert gap is not None
    assert gap.low > 0
    assert gap.high - gap.low < one.high - one.low


def test_one_group_gives_a_figure_without_an_interval() -> None:
    """Nothing can be said of other speakers from one."""
    (interval,), gap = bootstrap_r2([np.arange(4.0)], np.arange(4.0), ["a"] * 4, seed=0)
    assert interval.value == 1.0
    assert math.isnan(interval.low)
    assert gap is None
    assert interval.to_dict() == {"value": 1.0, "low": None, "high": None}
