"""Values far outside the range of the train clips count as missing; clean data does not change."""

from collections.abc import Callable

import numpy as np
import pytest

from avq_core.data.preprocessing import columns
from avq_core.data.preprocessing.statistics import StreamStatistics, fit_stream
from avq_core.data.preprocessing.value_range import (
    FloatArray,
    ValueRange,
    clip_extremes,
    fit_value_range,
)
from avq_core.data.synthetic import make_demo


def clips(num: int = 40, frames: int = 12, dim: int = 6, seed: int = 0) -> list[FloatArray]:
    """Clips of normal values; of one frame they are clip-level."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(num, frames, dim)).astype(np.float32) * 3 + 100
    return list(values if frames > 1 else values[:, 0])


def equal(first: StreamStatistics, second: StreamStatistics) -> bool:
    """Whether both do the same, bit for bit."""
    parts = ("median", "mean", "scale", "constant", "empty")
    same = [
        np.array_equal(getattr(first.columns, part), getattr(second.columns, part))
        for part in parts
    ]
    if first.components is not None and second.components is not None:
        same.append(np.array_equal(first.components.axes, second.components.axes))
    return all(same)


@pytest.mark.parametrize("value", [1e6, -1e6, 1e38, 3e38, 65504])
@pytest.mark.parametrize(
    "where",
    [(slice(3, 4), slice(0, 1)), (slice(3, 4), slice(None)), (slice(None), slice(None))],
    ids=["one value", "a frame", "a clip"],
)
@pytest.mark.parametrize("width", [None, 2])
def test_a_spike_in_train_counts_as_missing(
    value: float, where: tuple[slice, slice], width: int | None
) -> None:
    """What is fitted is what NaN in its place would give, with principal components too."""
    spiked, missing = clips(), clips()
    spiked[7][where], missing[7][where] = value, np.nan
    statistics = fit_stream(spiked, 6, width=width)
    assert equal(statistics, fit_stream(missing, 6, width=width))
    np.testing.assert_array_equal(statistics.apply(spiked[7]), statistics.apply(missing[7]))


def test_spikes_of_a_clip_level_stream_and_of_ragged_clips_count_as_missing() -> None:
    """A clip's extremes are its own, whatever its length."""
    level = clips(frames=1)
    ragged = [sample[: 3 + i % 5] for i, sample in enumerate(clips())]
    for samples in (level, ragged):
        missing = [sample.copy() for sample in samples]
        samples[5][..., 1], missing[5][..., 1] = 1e9, np.nan
        assert equal(fit_stream(samples, 6), fit_stream(missing, 6))


def test_a_few_broken_clips_are_tolerated_on_each_side() -> None:
    """Three of 40, and two in a hundred of many."""
    for num, broken in ((40, 3), (400, 8)):
        samples = clips(num)
        for index in range(broken):
            samples[index][0] = 1e5
            samples[-1 - index][0] = -1e5
        scale = fit_stream(samples, 6).columns.scale
        np.testing.assert_allclose(scale, 3, rtol=0.2)


def test_a_spike_in_a_later_clip_is_filled() -> None:
    """A clip of val, of test or to predict: it gets the median, and neighbours keep their values."""
    statistics = fit_stream(clips(), 6, clip=10)
    new, broken = clips(1, seed=9)[0], clips(1, seed=9)[0]
    broken[2, 4] = 1e30
    assert abs(float(statistics.apply(broken)[2, 4])) < 0.2
    others = np.ones_like(new, bool)
    others[2, 4] = False
    np.testing.assert_array_equal(statistics.apply(broken)[others], statistics.apply(new)[others])


CLEAN: dict[str, Callable[[np.random.Generator], FloatArray]] = {
    "normal": lambda rng: rng.normal(size=(100, 20, 4)),
    "heavy-tailed": lambda rng: rng.standard_t(3, size=(100, 20, 4)),
    "log-normal": lambda rng: rng.lognormal(sigma=1.5, size=(100, 20, 4)),
    "rare in time": lambda rng: rng.normal(size=(100, 20, 4)) * (rng.random((100, 20, 1)) < 0.02),
    "in 1 clip of 50": lambda rng: (
        rng.normal(size=(100, 20, 4)) * (np.arange(100) % 50 == 0)[:, None, None]
    ),
    "in 1 clip of 8, strong": lambda rng: (
        rng.normal(size=(100, 20, 4)) * np.where(np.arange(100) % 8 == 0, 1000, 1)[:, None, None]
    ),
    "flags": lambda rng: rng.random((100, 20, 4)) < [0.5, 0.01, 0.001, 0.999],
    "far from 0": lambda rng: rng.normal(size=(100, 20, 4)) * 1e-3 + 1e4,
    "of other scales": lambda rng: rng.normal(size=(100, 20, 4)) * [1e-20, 1e-3, 1e20, 1e30],
    "constant": lambda rng: np.full((100, 20, 4), 7.0) + 0 * rng.random(),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_clean_data_is_fitted_as_if_there_were_no_range(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, and nothing of it is filled: also what is rare, rounded, or heavy-tailed."""
    samples = list(CLEAN[kind](np.random.default_rng(1)).astype(np.float32))
    fitted = fit_stream(samples, 4)
    assert all(fitted.columns.range.hold(sample).all() for sample in samples)
    monkeypatch.setattr(
        columns, "fit_value_range", lambda lows, _: ValueRange.unlimited(lows.shape[1])
    )
    assert equal(fitted, fit_stream(samples, 4))


def test_the_demo_set_is_prepared_as_if_there_were_no_range() -> None:
    """No value of train, val or test lies outside, so nothing of it changes."""
    demo = make_demo()
    for stream in demo.schema.streams:
        train = [s for s in demo.splits["train"].features[stream.name] if s is not None]
        limits = fit_value_range(*clip_extremes(train, stream.dim))
        for split in demo.splits.values():
            for sample in split.features[stream.name]:
                assert sample is not None
                assert limits.hold(sample)[np.isfinite(sample)].all()


def test_a_rare_action_keeps_its_signal_beside_a_spike() -> None:
    """A column that is 0 in most clips has the range of those that move."""
    rng = np.random.default_rng(0)
    samples = list(rng.gamma(2.0, size=(400, 20, 1)).astype(np.float32))
    for index, sample in enumerate(samples):
        if index % 80:  # 1.25 % of the clips move
            sample[:] = 0
    few = fit_stream(samples, 1).columns
    assert few.range.high[0] > 1e30
    for index in range(1, 400, 20):  # and 5 % more
        samples[index] = rng.gamma(2.0, size=(20, 1)).astype(np.float32)
    samples[3][2] = 1e7
    many = fit_stream(samples, 1).columns
    assert 10 < many.range.high[0] < 1000
    assert many.scale[0] < 3


def test_few_clips_are_not_judged() -> None:
    """Nine clips say too little of what is usual."""
    samples = clips(9)
    samples[0][0, 0] = 1e6
    assert fit_stream(samples, 6).columns.scale[0] > 1e4
    assert ValueRange.unlimited(3).hold(np.array([np.nan, np.inf, 3e38])).tolist() == [
        False,
        False,
        True,
    ]


def test_the_audit_and_the_preprocessing_judge_by_the_same_range() -> None:
    """Both take it from the extremes of clips, with NaN, infinities and clips without a value."""
    samples = [sample[: 1 + i % 5] for i, sample in enumerate(clips())]
    samples[0][:] = np.nan
    samples[1][0, 2], samples[2][0, 3], samples[3][0, 4] = np.inf, -np.inf, 1e9
    samples[4][:, 5] = np.nan
    fitted = fit_stream(samples, 6).columns.range
    audited = fit_value_range(*clip_extremes(samples, 6))
    np.testing.assert_array_equal(fitted.low, audited.low)
    np.testing.assert_array_equal(fitted.high, audited.high)
