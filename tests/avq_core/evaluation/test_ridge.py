"""The ridge's penalty, chosen on groups that are left out."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from avq_core.evaluation.ridge import (
    PENALTIES,
    _cuts,
    choose_penalty,
    fit_ridge,
    left_out_residuals,
)


@pytest.mark.parametrize("columns", [6, 60])
def test_residuals_of_left_out_clips_are_those_of_a_fit_without_them(columns: int) -> None:
    """One decomposition gives what scikit-learn gives by fitting again, with few columns or many."""
    rng = np.random.default_rng(0)
    features, target = rng.standard_normal((30, columns)) + 3, rng.standard_normal(30) + 5
    sides = [np.arange(0, 4), np.arange(4, 17), np.arange(17, 30)]
    (residuals,) = left_out_residuals(features, target, [sides], [1.0, 100.0])
    for place, penalty in enumerate((1.0, 100.0)):
        for side in sides:
            rest = np.setdiff1d(np.arange(30), side)
            fitted = Ridge(alpha=penalty).fit(features[rest], target[rest])
            expected = target[side] - fitted.predict(features[side])
            np.testing.assert_allclose(residuals[place, side], expected, rtol=1e-6, atol=1e-9)


def recordings(seed: int, count: int, per: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Windows of recordings: a voice of its own in 200 columns, and a label that no column tells."""
    rng = np.random.default_rng(seed)
    voice = np.repeat(rng.standard_normal((count, 200)), per, axis=0)
    features = voice + 0.1 * rng.standard_normal((count * per, 200))
    of_recording = np.repeat(rng.standard_normal(count), per)
    target = of_recording + 0.1 * rng.standard_normal(count * per)
    return features, target, [str(n // per) for n in range(count * per)]


def test_windows_of_one_recording_do_not_choose_the_penalty_for_each_other() -> None:
    """Left out one by one, a window is told by its neighbours, and a small penalty looks best."""
    features, target, groups = recordings(0, 20, 10)
    by_clip = choose_penalty(features, target, [str(n) for n in range(len(groups))])
    by_group = choose_penalty(features, target, groups)
    assert by_group > 9 * by_clip
    others, truth, _ = recordings(1, 200, 1)
    error = {
        penalty: np.square(
            Ridge(alpha=penalty).fit(features, target).predict(others) - truth
        ).mean()
        for penalty in (by_clip, by_group)
    }
    assert error[by_group] < error[by_clip]
    assert fit_ridge(features, target, groups).alpha == by_group


def test_a_long_recording_has_more_of_a_say_than_a_short_one_but_not_by_its_clips() -> None:
    """Forty pairs that follow a column, and 150 windows of one recording that do not."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((230, 20))
    target = features[:, 0] + 0.1 * rng.standard_normal(230)
    target[80:] = rng.standard_normal(150)
    codes = np.append(np.arange(80) // 2, [40] * 150)
    residuals = left_out_residuals(features, target, list(_cuts(codes)), PENALTIES)
    by_clip = PENALTIES[np.argmin(np.square(residuals).sum(axis=(0, 2)))]
    pairs = choose_penalty(features[:80], target[:80], [str(code) for code in codes[:80]])
    assert pairs < choose_penalty(features, target, [str(code) for code in codes]) < by_clip


def test_groups_stay_whole_however_few_there_are() -> None:
    """Two groups are left out in turn; five folds are made of more."""
    for codes in (np.array([0, 0, 1, 1, 1]), np.arange(40) // 3):
        for sides in _cuts(codes):
            assert len(sides) == min(5, codes.max() + 1)
            assert sorted(np.concatenate(sides)) == list(range(len(codes)))
            of_side = [set(codes[side]) for side in sides]
            assert sum(map(len, of_side)) == len(set(codes))


def test_of_one_group_alone_clips_are_left_out() -> None:
    """Nothing else is there to choose by."""
    features, target, _ = recordings(0, 20, 2)
    alone = choose_penalty(features, target, ["a"] * 40)
    assert alone == choose_penalty(features, target, [f"{n:02}" for n in range(40)])
    assert fit_ridge(features[:2], target[:2], ["a", "a"]).alpha in PENALTIES
