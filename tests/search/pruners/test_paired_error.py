"""The standard error of the difference of two scores."""

import math

import numpy as np
import pytest

from search.pruners.paired_error import clusters_of, paired_error, per_cluster_losses

RNG = np.random.default_rng(0)


def test_losses_sum_to_what_the_score_lacks() -> None:
    """Weighted R² is the sum of the weights less the losses, over whatever clusters."""
    targets = RNG.random((40, 3))
    targets[::3, 0] = np.nan
    scores = targets + 0.1 * RNG.standard_normal(targets.shape)
    scores[np.isnan(scores)] = 0.3
    weights = (0.3, 0.0, 0.7)
    r2 = []
    for k in range(3):
        labelled = np.isfinite(targets[:, k])
        truth = targets[labelled, k]
        error = np.square(truth - scores[labelled, k]).sum()
        r2.append(1 - error / np.square(truth - truth.mean()).sum())
    clusters = clusters_of([f"speaker {i % 10}" for i in range(40)])
    losses = per_cluster_losses(scores, targets, clusters, weights)
    assert len(losses) == 10
    assert 1 - sum(losses) == pytest.approx(0.3 * r2[0] + 0.7 * r2[2], abs=1e-4)


def test_the_error_is_that_of_a_sum_over_clusters() -> None:
    """Differences drawn with a deviation of 0.02 over 100 clusters: 0.2 for their sum."""
    first = RNG.normal(0, 0.02, size=(500, 100))
    second = np.zeros(100)
    errors = [paired_error(list(draw), list(second)) for draw in first]
    assert np.mean(errors) == pytest.approx(0.2, rel=0.02)
    assert np.mean(errors) == pytest.approx(first.sum(axis=1).std(), rel=0.1)


def test_what_two_trials_share_does_not_count() -> None:
    """The same clips are hard for both, and a constant gap is no noise."""
    hard = list(RNG.random(50))
    assert paired_error(hard, [loss - 0.25 for loss in hard]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("other", [None, [0.1], [0.1, 0.2, 0.3]])
def test_losses_of_other_clips_have_no_paired_error(other: list[float] | None) -> None:
    """Nobody knows it, and NaN says so."""
    assert math.isnan(paired_error([0.1, 0.2], other))
    assert math.isnan(paired_error(other, [0.1, 0.2]) if other != [0.1] else math.nan)


def test_a_task_without_spread_leaves_nothing_defined() -> None:
    """Its R² is not defined either."""
    targets = np.full((4, 1), 0.5)
    losses = per_cluster_losses(targets, targets, clusters_of(list("abcd")), (1.0,))
    assert all(map(math.isnan, losses))


def test_few_groups_are_no_clusters_and_many_share_places() -> None:
    """Three speakers give no standard error; ten thousand would fill the storage."""
    assert list(clusters_of(["a", "a", "b", "c"])) == [0, 1, 2, 3]
    many = clusters_of([f"clip {i}" for i in range(10_000)])
    assert many.max() < 256
    assert len(set(many)) > 250
