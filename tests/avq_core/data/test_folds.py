"""Folds are standardised anew on their own train part."""

import numpy as np
import pytest

from avq_core.data.folds import restandardise
from avq_core.data.prepared import PreparedSplit


def make_part(num: int, seed: int) -> PreparedSplit:
    """Arrays off centre, as a part of a standardised split is."""
    rng = np.random.default_rng(seed)
    targets = rng.uniform(0.2, 0.7, size=(num, 2)).astype(np.float32)
    targets[0, 0] = np.nan
    return PreparedSplit(
        streams={
            "a": (rng.normal(size=(num, 6, 3)) * [1, 2, 4] + 0.5).astype(np.float32),
            "c": rng.normal(1, 3, size=(num, 2)).astype(np.float32),
        },
        targets=targets,
        groups=tuple(f"g{i}" for i in range(num)),
    )


def test_the_train_part_comes_out_standard_and_val_follows() -> None:
    """Mean 0, deviation 1, labels in [0, 1] on train; the same map on val."""
    train, val = make_part(40, 0), make_part(10, 1)
    new_train, new_val = restandardise(train, val)
    for name in ("a", "c"):
        rows = new_train.streams[name].reshape(-1, train.streams[name].shape[-1])
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-5)
        old = train.streams[name].reshape(-1, rows.shape[-1]).astype(np.float64)
        expected = (val.streams[name] - old.mean(axis=0)) / old.std(axis=0)
        np.testing.assert_allclose(new_val.streams[name], expected, atol=1e-5)
    assert np.nanmin(new_train.targets, axis=0).tolist() == [0, 0]
    assert np.nanmax(new_train.targets, axis=0).tolist() == [1, 1]
    assert np.isnan(new_val.targets[0, 0])
    assert (new_train.groups, new_val.groups) == (train.groups, val.groups)


def test_nothing_is_fitted_on_the_validation_part() -> None:
    """Another val part leaves train as it was, and the parts that came in are not touched."""
    train = make_part(40, 0)
    before = train.streams["a"].copy()
    one, _ = restandardise(train, make_part(10, 1))
    other, _ = restandardise(train, make_part(10, 2))
    np.testing.assert_array_equal(one.streams["a"], other.streams["a"])
    np.testing.assert_array_equal(train.streams["a"], before)


def test_principal_components_keep_their_order_of_size() -> None:
    """One common deviation: the proportions of the columns survive, and together they vary by 1."""
    train = make_part(200, 0)
    new_train, _ = restandardise(train, make_part(10, 1), reduced=["a"])
    deviation = new_train.streams["a"].reshape(-1, 3).std(axis=0)
    np.testing.assert_allclose(deviation / deviation[0], [1, 2, 4], rtol=0.1)
    assert np.mean(deviation**2) == pytest.approx(1, abs=1e-4)
