"""Confidence intervals of metrics, over groups of clips and over seeds."""

import math

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import r2_score as sklearn_r2

from avq_core.evaluation import intervals
from avq_core.evaluation.intervals import SCALES, Draws, effective_number


def names(count: int, *, per: int = 1) -> list[str]:
    return [str(i // per) for i in range(count)]


def noisy(seed: int, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(count)
    return truth, truth + 0.7 * rng.standard_normal(count)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (intervals.r2, sklearn_r2),
        (intervals.pearson, lambda t, s: scipy.stats.pearsonr(t, s).statistic),
        (intervals.spearman, lambda t, s: scipy.stats.spearmanr(t, s).statistic),
        (intervals.mean_absolute_error, lambda t, s: np.abs(t - s).mean()),
    ],
)
def test_a_metric_agrees_with_the_libraries(metric, expected) -> None:  # noqa: ANN001
    """With every clip counted once it equals scikit-learn's or SciPy's, without missing labels."""
    truth, scores = noisy(0, 40)
    draws = Draws(np.append(truth, np.nan), names(41))
    interval = draws.interval(metric, [np.append(scores, 9.0)])
    assert interval.value == pytest.approx(expected(truth, scores))
    assert interval.low < interval.value < interval.high


def test_a_draw_weighs_clips_as_often_as_they_were_drawn() -> None:
    """A clip of weight two counts as if it were in the data twice."""
    truth, scores = noisy(1, 40)
    weight = np.random.default_rng(0).integers(0, 3, (1, 40)).astype(float)
    twice = np.repeat(np.arange(40), weight[0].astype(int))
    for metric in (intervals.r2, intervals.pearson, intervals.mean_absolute_error):
        whole = metric(np.ones((1, len(twice))), truth[twice], scores[twice])
        assert metric(weight, truth, scores) == pytest.approx(whole)


def test_the_interval_agrees_with_resampling_written_out() -> None:
    """With many clips it lies near the quantiles of a naive bootstrap."""
    truth, scores = noisy(1, 300)
    interval = Draws(truth, names(300)).interval(intervals.r2, [scores])
    rng = np.random.default_rng(5)
    drawn = [rng.integers(0, 300, 300) for _ in range(2000)]
    low, high = np.quantile(
        [sklearn_r2(truth[rows], scores[rows]) for rows in drawn], [0.025, 0.975]
    )
    assert interval.low == pytest.approx(low, abs=0.03)
    assert interval.high == pytest.approx(high, abs=0.03)


def test_clips_of_one_recording_are_not_independent() -> None:
    """The same clips in fewer groups give a wider interval."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.standard_normal(20), 10) + 0.1 * rng.standard_normal(200)
    scores = truth + np.repeat(rng.standard_normal(20), 10) * 0.5
    alone = Draws(truth, names(200)).interval(intervals.r2, [scores])
    shared = Draws(truth, names(200, per=10)).interval(intervals.r2, [scores])
    assert shared.high - shared.low > 1.5 * (alone.high - alone.low)


def test_runs_that_disagree_widen_the_interval() -> None:
    """The spread from seed to seed is part of the uncertainty."""
    truth, scores = noisy(2)
    alike = Draws(truth, names(80)).interval(intervals.r2, [scores] * 5)
    apart = Draws(truth, names(80)).interval(
        intervals.r2, [truth + scale * (scores - truth) for scale in (0.2, 0.6, 1.0, 1.2, 1.4)]
    )
    assert apart.high - apart.low > 1.5 * (alike.high - alike.low)


def test_a_paired_difference_has_a_narrower_interval_than_its_parts() -> None:
    """The difference of two models with similar errors is well determined."""
    rng = np.random.default_rng(2)
    truth, error = rng.standard_normal((2, 60))
    draws = Draws(truth, names(60))
    first, second = [truth + 0.8 * error], [truth + 0.9 * error]
    one, gap = draws.interval(intervals.r2, first), draws.difference(first, second)
    assert gap.low > 0
    assert gap.high - gap.low < one.high - one.low


def test_a_difference_is_paired_by_run() -> None:
    """A seed that is lucky for both models does not widen the interval of their difference."""
    rng = np.random.default_rng(3)
    truth = rng.standard_normal(200)
    luck = [scale * rng.standard_normal(200) for scale in (0.2, 0.5, 0.8, 1.1)]
    first, second = ([truth + shift * e for e in luck] for shift in (0.9, 1.0))
    paired = Draws(truth, names(200)).difference(first, second)
    crossed = Draws(truth, names(200)).difference(first, second[::-1])
    assert paired.value == pytest.approx(crossed.value)
    assert paired.high - paired.low < 0.5 * (crossed.high - crossed.low)


def test_a_model_without_seeds_is_compared_with_every_run() -> None:
    """A ridge regression has one run, which is compared with each run of the network."""
    truth, scores = noisy(4)
    gap = Draws(truth, names(80)).difference([scores, scores], [0.5 * truth])
    assert gap.value == pytest.approx(sklearn_r2(truth, scores) - sklearn_r2(truth, 0.5 * truth))


def test_more_confidence_is_a_wider_interval() -> None:
    """An interval that covers all tasks at once is wider than that of one task."""
    truth, scores = noisy(6)
    draws = Draws(truth, names(80))
    one = draws.difference([scores], [0.5 * truth])
    all_five = draws.difference([scores], [0.5 * truth], confidence=0.99)
    assert all_five.low < one.low < one.high < all_five.high


def test_one_group_gives_a_value_without_an_interval() -> None:
    """One speaker says nothing about how other speakers would be scored."""
    interval = Draws(np.arange(4.0), ["a"] * 4).interval(intervals.r2, [np.arange(4.0)])
    assert interval.value == 1.0
    assert math.isnan(interval.low)
    assert interval.to_dict() == {"value": 1.0, "low": None, "high": None}


@pytest.mark.parametrize(("groups", "defined"), [(2, False), (4, False), (5, True), (40, True)])
def test_few_groups_give_no_interval(groups: int, defined: bool) -> None:
    """From two recordings it would reach from -500 to 1, which is of no use."""
    truth, scores = noisy(9)
    interval = Draws(truth, names(80, per=80 // groups)).interval(intervals.r2, [scores])
    assert math.isfinite(interval.low) == defined


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([5] * 8, 8), ([5, 0, 5], 2), ([90, *[1] * 10], 10_000 / 8_110), ([0], 0), ([], 0)],
)
def test_uneven_groups_count_as_fewer(sizes: list[int], expected: float) -> None:
    """Groups of one size count in full; of a large one and ten small ones little more than one is left."""
    assert effective_number(np.array(sizes, dtype=int)) == pytest.approx(expected)


def test_groups_of_which_a_few_decide_are_few() -> None:
    """Seven recordings of which one has most clips say as much as three, and give no interval."""
    truth, scores = noisy(9)
    sizes = [44, *[6] * 6]
    dominated = [str(group) for group, size in enumerate(sizes) for _ in range(size)]
    assert math.isnan(Draws(truth, dominated).interval(intervals.r2, [scores]).low)
    # Only clips with a label count: the large recording has hardly any here.
    targets = np.where(np.arange(80) < 40, np.nan, truth)
    assert math.isfinite(Draws(targets, dominated).interval(intervals.r2, [scores]).low)


def test_uneven_groups_widen_an_interval() -> None:
    """The same clips and as many groups, with fewer degrees of freedom."""
    rng = np.random.default_rng(0)
    truth = rng.standard_normal(240)
    scores = truth + 0.7 * rng.standard_normal(240)
    uneven = [str(g) for g, size in enumerate([60, 40, 30, 25, *[10] * 8, 5]) for _ in range(size)]
    even = names(240, per=20)
    assert len(set(uneven)) == 13
    by_size = {
        key: Draws(truth, groups).interval(intervals.r2, [scores])
        for key, groups in (("even", even), ("uneven", uneven))
    }
    width = {key: interval.high - interval.low for key, interval in by_size.items()}
    assert width["uneven"] > width["even"]


@pytest.mark.parametrize("metric", SCALES)
@pytest.mark.parametrize("truth", [[], [0.3], [np.nan, np.nan, 0.1]])
def test_fewer_than_two_labels_give_no_value(metric, truth: list[float]) -> None:  # noqa: ANN001
    """The metric is not defined, rather than perfect."""
    interval = Draws(np.array(truth), names(len(truth))).interval(metric, [np.zeros(len(truth))])
    assert math.isnan(interval.value)


def test_a_model_with_a_run_that_diverged_has_no_value() -> None:
    """To leave the run out of the mean would make the model look better than it is."""
    truth, scores = noisy(7)
    interval = Draws(truth, names(80)).interval(intervals.r2, [scores, np.full(80, np.nan)])
    assert math.isnan(interval.value)


def test_a_constant_score_has_no_correlation() -> None:
    """The train mean ranks no clip above another."""
    truth, _ = noisy(8)
    interval = Draws(truth, names(80)).interval(intervals.spearman, [np.full(80, 0.4)])
    assert math.isnan(interval.value)
