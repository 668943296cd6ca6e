"""Preprocessing: fitted on train only, equal to scikit-learn's, the same after saving and loading."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load, save
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from avq_core.config.data import DataConfig
from avq_core.data.dataset import RawSplit
from avq_core.data.preprocessing.statistics import FloatArray, Statistics, fit, fit_stream
from avq_core.data.schema import Schema, Stream
from avq_core.errors import ConfigError, DataError

SCHEMA = Schema(
    streams=(Stream(name="a", dim=6, temporal=True), Stream(name="c", dim=2, temporal=False)),
    num_frames=5,
    tasks=("x", "y"),
)


def make_split(num: int = 40, seed: int = 0) -> RawSplit:
    """Correlated columns of different scales, some NaN, some labels missing."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(6, 6))
    a = (rng.normal(size=(num, 5, 6)) @ mix * [1, 10, 0.01, 1, 1, 100] + 3).astype(np.float32)
    a[rng.random(a.shape) < 0.05] = np.nan
    labels = rng.uniform(-0.8, 1, size=(num, 2)).astype(np.float32)
    labels[rng.random(labels.shape) < 0.3] = np.nan
    return RawSplit(
        features={"a": list(a), "c": list(rng.normal(size=(num, 2)).astype(np.float32))},
        labels=labels,
        groups=[str(i) for i in range(num)],
    )


def rows(samples: list[FloatArray]) -> FloatArray:
    """All frames of all samples, one a row."""
    return np.concatenate([np.atleast_2d(sample) for sample in samples])


@pytest.mark.parametrize("stream", ["a", "c"])
def test_standardising_equals_scikit_learn(stream: str) -> None:
    """Median, mean and standard deviation equal those of SimpleImputer and StandardScaler."""
    train, val = make_split(), make_split(20, 1)
    statistics = fit(train, SCHEMA, DataConfig())
    imputer, scaler = SimpleImputer(strategy="median"), StandardScaler()
    scaler.fit(imputer.fit_transform(rows(train.features[stream]).astype(np.float64)))
    for split in (train, val):
        values = rows(split.features[stream])
        expected = scaler.transform(imputer.transform(values.astype(np.float64)))
        np.testing.assert_allclose(statistics.apply(stream, values), expected, atol=1e-5)


def test_standardised_values_are_clipped_at_both_ends() -> None:
    """Equal to numpy.clip of scikit-learn's result; the statistics are of unclipped values."""
    train, val = make_split(), make_split(20, 1)
    train.features["a"][0][0, 1] = 300
    statistics = fit(train, SCHEMA, DataConfig(clip=1.5))
    imputer, scaler = SimpleImputer(strategy="median"), StandardScaler()
    scaler.fit(imputer.fit_transform(rows(train.features["a"]).astype(np.float64)))
    values = rows(val.features["a"])
    expected = np.clip(scaler.transform(imputer.transform(values.astype(np.float64))), -1.5, 1.5)
    got = statistics.apply("a", values)
    assert (np.abs(got) == 1.5).any()
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_labels_are_scaled_as_scikit_learn_does() -> None:
    """MinMaxScaler ignores NaN, too."""
    train, val = make_split(), make_split(20, 1)
    scaler = MinMaxScaler().fit(train.labels.astype(np.float64))
    scaling = fit(train, SCHEMA, DataConfig()).labels
    np.testing.assert_allclose(scaling.scale(val.labels), scaler.transform(val.labels), atol=1e-5)
    targets = scaling.scale(val.labels)
    np.testing.assert_allclose(
        scaling.unscale(targets), scaler.inverse_transform(targets), atol=1e-5
    )


def test_a_stream_that_no_train_sample_has_becomes_zero() -> None:
    """This happens in a fold whose train side lacks the stream."""
    statistics = fit_stream([], 3)
    assert statistics.apply(np.full((2, 3), 7, np.float32)).tolist() == [[0, 0, 0]] * 2


def test_a_large_mean_loses_no_precision() -> None:
    """A mean a thousand times the standard deviation is subtracted exactly."""
    centre = np.array([1e3, -1e4])
    values = (np.random.default_rng(0).normal(size=(30, 5, 2)) + centre).astype(np.float32)
    expected = StandardScaler().fit_transform(values.reshape(-1, 2).astype(np.float64))
    got = fit_stream(list(values), values.shape[-1]).apply(values)
    np.testing.assert_allclose(got.reshape(-1, 2), expected, atol=1e-5)


def test_pca_equals_scikit_learn_up_to_sign_and_one_factor() -> None:
    """The axes equal scikit-learn's; the projections have a mean variance of 1."""
    train, val = make_split(), make_split(20, 1)
    statistics = fit(train, SCHEMA, DataConfig(pca={"a": 3}))
    plain = fit(train, SCHEMA, DataConfig())
    pca = PCA(3).fit(plain.apply("a", rows(train.features["a"])).astype(np.float64))
    fitted = statistics.streams["a"].components
    assert fitted is not None
    signs = np.sign((fitted.axes * pca.components_).sum(axis=1))
    np.testing.assert_allclose(fitted.axes, pca.components_ * signs[:, None], atol=1e-5)
    expected = pca.transform(plain.apply("a", rows(val.features["a"]))) * signs
    got = statistics.apply("a", rows(val.features["a"]))
    np.testing.assert_allclose(got * fitted.scale, expected, atol=1e-5)
    scores = statistics.apply("a", rows(train.features["a"]))
    assert np.mean(scores.var(axis=0)) == pytest.approx(1, abs=0.01)
    assert statistics.prepared_schema(SCHEMA).streams[0] == Stream(name="a", dim=3, temporal=True)


def test_infinities_are_filled_like_nan() -> None:
    """They affect neither the fit nor the result."""
    train = make_split()
    with_nan = fit(train, SCHEMA, DataConfig())
    for sample in train.features["a"]:
        sample[np.isnan(sample)] = np.inf
    with_inf = fit(train, SCHEMA, DataConfig())
    np.testing.assert_array_equal(
        with_nan.streams["a"].columns.scale, with_inf.streams["a"].columns.scale
    )
    assert np.isfinite(with_inf.apply("a", rows(train.features["a"]))).all()


def test_constant_and_empty_columns_become_zero_and_are_reported() -> None:
    """They are 0 in other splits too; the criterion for constant columns is scikit-learn's."""
    train = make_split()
    for sample in train.features["a"]:
        sample[:, 0] = 0.1
        sample[:, 1] = np.nan
        sample[:, 2] = np.float32(1e6)
    statistics = fit(train, SCHEMA, DataConfig())
    columns = statistics.streams["a"].columns
    other = np.full((4, 6), 7, np.float32)
    assert statistics.apply("a", other)[:, :3].tolist() == [[0, 0, 0]] * 4
    assert columns.empty.tolist() == [False, True, False, False, False, False]
    assert columns.constant.tolist() == [True, True, True, False, False, False]
    assert statistics.report() == (
        "a: 1 of 6 columns without a finite train value, set to 0 (1)",
        "a: 2 of 6 columns constant on the train split, set to 0 (0, 2)",
    )


@settings(max_examples=examples(40))
@given(
    values=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)
def test_the_result_is_always_finite(values: FloatArray) -> None:
    """For any float32, also the largest, NaN and infinity."""
    assert np.isfinite(fit_stream(list(values), values.shape[-1]).apply(values)).all()


def test_labels_are_scaled_and_converted_back() -> None:
    """Targets are in [0, 1] on train, NaN stays NaN, and `unscale` gives the labels again."""
    train = make_split()
    statistics = fit(train, SCHEMA, DataConfig())
    targets = statistics.labels.scale(train.labels)
    assert np.nanmin(targets, axis=0).tolist() == [0, 0]
    assert np.nanmax(targets, axis=0).tolist() == [1, 1]
    np.testing.assert_array_equal(np.isnan(targets), np.isnan(train.labels))
    np.testing.assert_allclose(statistics.labels.unscale(targets), train.labels, atol=1e-6)


def test_a_task_of_one_value_becomes_zero() -> None:
    """The range of 0 is not divided by."""
    train = make_split()
    train.labels[:, 1] = 0.25
    targets = fit(train, SCHEMA, DataConfig()).labels.scale(train.labels)
    assert targets[:, 1].tolist() == [0] * len(train)


@pytest.mark.parametrize(
    ("pca", "message"),
    [
        ({"b": 2}, r"data\.pca names stream 'b', expected one of \['a', 'c'\]"),
        ({"a": 7}, r"data\.pca\.a is 7, expected at most the stream's 6 columns"),
        ({"a": 6}, r"data\.pca\.a is 6, expected at most 5"),
    ],
)
def test_impossible_pca_is_an_error(pca: dict[str, int], message: str) -> None:
    """An unknown stream, more components than columns, or than independent directions."""
    train = make_split()
    for sample in train.features["a"]:
        sample[:, 3] = 2.0
    with pytest.raises(ConfigError, match=message):
        fit(train, SCHEMA, DataConfig(pca=pca))


def test_statistics_survive_safetensors() -> None:
    """Saved and loaded, they give exactly the same results."""
    train = make_split()
    statistics = fit(train, SCHEMA, DataConfig(pca={"a": 2}))
    again = Statistics.from_arrays(load(save(statistics.to_arrays())), SCHEMA)
    for stream in ("a", "c"):
        values = rows(train.features[stream])
        np.testing.assert_array_equal(again.apply(stream, values), statistics.apply(stream, values))
    np.testing.assert_array_equal(
        again.labels.scale(train.labels), statistics.labels.scale(train.labels)
    )
    assert again.report() == statistics.report()


def test_statistics_of_an_earlier_version_have_no_range() -> None:
    """A model that was trained before there was one gives the scores that it gave."""
    statistics = fit(make_split(), SCHEMA, DataConfig())
    ranges = {f"streams/{stream}/{part}" for stream in ("a", "c") for part in ("low", "high")}
    arrays = {name: array for name, array in statistics.to_arrays().items() if name not in ranges}
    earlier = Statistics.from_arrays(arrays, SCHEMA)
    values = np.full((2, 6), 1e6, np.float32)
    assert np.abs(earlier.apply("a", values)).max() == 10
    assert np.abs(statistics.apply("a", values)).max() < 1


def test_statistics_of_other_streams_are_refused() -> None:
    """Arrays that do not fit the schema are an error."""
    arrays = fit(make_split(), SCHEMA, DataConfig()).to_arrays()
    other = Schema(streams=(Stream(name="z", dim=1, temporal=True),), num_frames=5, tasks=("x",))
    with pytest.raises(DataError, match=r"lack 'streams/z/median', expected those of streams"):
        Statistics.from_arrays(arrays, other)
    wide = Schema(streams=(Stream(name="a", dim=9, temporal=True),), num_frames=5, tasks=("x",))
    with pytest.raises(DataError, match=r"a median has shape \(6,\), expected \(9,\)"):
        Statistics.from_arrays(arrays, wide)
    fewer = Schema(streams=SCHEMA.streams, num_frames=5, tasks=("x",))
    with pytest.raises(DataError, match="are of 2 tasks, expected 1"):
        Statistics.from_arrays(arrays, fewer)
