"""The demo set: deterministic, like the user's file, with a known attainable R²."""

import hashlib

import numpy as np
import pytest

from avq_core.data import synthetic
from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.schema import DEFAULT_STREAM_SHAPES
from avq_core.data.synthetic import (
    DEMO_VERSION,
    SMALL,
    DemoSize,
    demo_fingerprint,
    make_demo,
)
from avq_core.training.metrics import r2_score


@pytest.fixture(scope="module")
def demo() -> Dataset:
    """The set of seed 0."""
    return make_demo()


def pooled(split: RawSplit, *, deviation: bool) -> np.ndarray:
    """Mean over time of each column, optionally with the standard deviation."""
    parts = []
    for samples in split.features.values():
        values = np.nan_to_num(np.stack(samples))
        if values.ndim == 2:
            parts.append(values)
            continue
        parts.append(values.mean(axis=1))
        if deviation:
            parts.append(values.std(axis=1))
    return np.concatenate(parts, axis=1)


def test_the_same_seed_gives_the_same_set(demo: Dataset) -> None:
    """Bit by bit; another seed gives another set."""
    again, other = make_demo(), make_demo(seed=1)
    for name, split in demo.splits.items():
        np.testing.assert_array_equal(split.labels, again.splits[name].labels)
        np.testing.assert_array_equal(
            split.features["audio"][0], again.splits[name].features["audio"][0]
        )
    assert not np.array_equal(demo.splits["val"].labels, other.splits["val"].labels)
    assert demo_fingerprint(0) != demo_fingerprint(1)


def test_streams_and_labels_are_those_of_the_users_file(demo: Dataset) -> None:
    """The same dimensions, valid labels and share of missing labels, with 30 frames."""
    assert {s.name: s.dim for s in demo.schema.streams} == {
        name: shape[-1] for name, shape in DEFAULT_STREAM_SHAPES.items()
    }
    for name, split in demo.splits.items():
        assert len(split) == SMALL.clips[name]
        assert split.features["keypoint"][0].shape == (30, 1404)
        assert split.features["syncnet"][0].shape == (2,)
        valid = split.labels[np.isfinite(split.labels)]
        assert valid.min() >= -0.8
        assert valid.max() <= 1.0
        missing = np.isnan(split.labels).mean(axis=0)
        assert (missing > 0.26).all()
        assert (missing < 0.31).all()


def test_visual_has_runs_of_nan(demo: Dataset) -> None:
    """At the rate of the user's file, and in no other stream."""
    visual = np.stack(demo.splits["train"].features["visual"])
    holes = np.isnan(visual)
    assert holes.mean() == pytest.approx(synthetic.NAN_SHARE, rel=0.02)
    starts = holes[:, 1:] & ~holes[:, :-1]
    assert holes.sum() / (starts.sum() + holes[:, 0].sum()) > 2.5
    assert np.isfinite(np.stack(demo.splits["train"].features["audio"])).all()


def test_no_group_is_in_two_splits(demo: Dataset) -> None:
    """Otherwise a network could gain by recognising speakers."""
    groups = [set(split.groups) for split in demo.splits.values()]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]


def test_the_attainable_r2_follows_from_the_noise(demo: Dataset) -> None:
    """It is about 1 - 0.15 for every task, up to sampling error."""
    for ceilings in demo.attainable_r2.values():
        for value in ceilings.values():
            assert 0.78 < value < 0.92


def test_means_over_time_do_not_reach_the_attainable_r2(demo: Dataset) -> None:
    """A ridge on pooled means learns something but stays far below; standard deviations help it."""
    from sklearn.linear_model import RidgeCV
    from sklearn.preprocessing import StandardScaler

    def r2(task: int, *, deviation: bool) -> float:
        train, val = demo.splits["train"], demo.splits["val"]
        scaler = StandardScaler().fit(pooled(train, deviation=deviation))
        labelled = np.isfinite(train.labels[:, task])
        ridge = RidgeCV(np.logspace(1, 5, 9)).fit(
            scaler.transform(pooled(train, deviation=deviation))[labelled],
            train.labels[labelled, task],
        )
        return r2_score(
            ridge.predict(scaler.transform(pooled(val, deviation=deviation))), val.labels[:, task]
        )

    overall = demo.schema.tasks.index("overall")
    by_mean, by_both = r2(overall, deviation=False), r2(overall, deviation=True)
    assert 0.1 < by_mean < 0.55
    assert by_both > by_mean + 0.05
    assert by_both < demo.attainable_r2["val"]["overall"] - 0.15


def digest(dataset: Dataset) -> str:
    """SHA-256 of all values of a set, in the order of its splits and streams."""
    whole = hashlib.sha256()
    for split in dataset.splits.values():
        for stream in dataset.schema.streams:
            whole.update(np.stack(split.features[stream.name]).astype("<f4").tobytes())
        whole.update(split.labels.astype("<f4").tobytes())
        whole.update("\n".join(map(str, split.groups)).encode())
    return whole.hexdigest()


def test_a_version_of_the_demo_set_never_changes() -> None:
    """A change of any value must raise `DEMO_VERSION`, or old prepared stores would be used for it.

    The hash is of exact values. Features are rounded to float32 and labels to four digits, so that
    processors whose float64 functions differ in the last digit give the same values.
    """
    small = DemoSize(num_frames=30, clips={"train": 8, "val": 4, "test": 4})
    assert (DEMO_VERSION, digest(make_demo(size=small))) == (
        1,
        "10f0a8d3faac170cd6e0eadc41c44946e3103a1901a7e0a6d4ec4aad5e2a6546",
    )
    assert demo_fingerprint() == "2061ecb8244405d4fce7f91d8e2a6b4a9ed084c04d1ca874d5e1f36b31406638"


def test_the_fingerprint_does_not_depend_on_the_source_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new comment in the generator's file, or another NumPy, does not change it."""
    before = demo_fingerprint()
    monkeypatch.setattr(synthetic, "__file__", "/nowhere/synthetic.py")
    monkeypatch.setattr(np, "__version__", "9.9.9")
    assert demo_fingerprint() == before
    monkeypatch.setattr(synthetic, "DEMO_VERSION", DEMO_VERSION + 1)
    assert demo_fingerprint() != before
