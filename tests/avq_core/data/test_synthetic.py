"""The demo set: what it promises."""

from pathlib import Path

import numpy as np
import pytest

from avq_core.data import synthetic
from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.schema import DEFAULT_STREAM_SHAPES
from avq_core.data.synthetic import SMALL, demo_fingerprint, make_demo
from avq_core.training.metrics import r2_score


@pytest.fixture(scope="module")
def demo() -> Dataset:
    """The set of seed 0."""
    return make_demo()


def pooled(split: RawSplit, *, deviation: bool) -> np.ndarray:
    """Mean over time of each column, and on request the deviation beside it."""
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
    """To the bit; another seed gives another."""
    again, other = make_demo(), make_demo(seed=1)
    for name, split in demo.splits.items():
        np.testing.assert_array_equal(split.labels, again.splits[name].labels)
        np.testing.assert_array_equal(
            split.features["audio"][0], again.splits[name].features["audio"][0]
        )
    assert not np.array_equal(demo.splits["val"].labels, other.splits["val"].labels)
    assert demo_fingerprint(0) != demo_fingerprint(1)


def test_streams_and_labels_are_those_of_the_users_file(demo: Dataset) -> None:
    """True dimensions, 30 frames, valid labels, the share of missing ones."""
    assert {s.name: s.dim for s in demo.schema.streams} == {
        name: shape[-1] for name, shape in DEFAULT_STREAM_SHAPES.items()
    }
    for name, split in demo.splits.items():
        assert len(split) == SMALL.clips[name]
        assert split.features["keypoint"][0].shape == (30, 1404)
        assert split.features["syncnet"][0].shape == (2,)
        seen = split.labels[np.isfinite(split.labels)]
        assert seen.min() >= -0.8
        assert seen.max() <= 1.0
        missing = np.isnan(split.labels).mean(axis=0)
        assert (missing > 0.26).all()
        assert (missing < 0.31).all()


def test_nan_lie_in_visual_in_runs(demo: Dataset) -> None:
    """At the user's rate, and nowhere else."""
    visual = np.stack(demo.splits["train"].features["visual"])
    holes = np.isnan(visual)
    assert holes.mean() == pytest.approx(synthetic.NAN_SHARE, rel=0.02)
    starts = holes[:, 1:] & ~holes[:, :-1]
    assert holes.sum() / (starts.sum() + holes[:, 0].sum()) > 2.5
    assert np.isfinite(np.stack(demo.splits["train"].features["audio"])).all()


def test_no_group_stands_in_two_splits(demo: Dataset) -> None:
    """Else what is learned of a speaker would count as learned of clips."""
    groups = [set(split.groups) for split in demo.splits.values()]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]


def test_the_ceiling_is_what_the_noise_leaves(demo: Dataset) -> None:
    """About 1 - 0.15 for every task, up to the split's sampling."""
    for ceilings in demo.attainable_r2.values():
        for value in ceilings.values():
            assert 0.78 < value < 0.92


def test_the_ceiling_is_out_of_reach_of_means_over_time(demo: Dataset) -> None:
    """A ridge on pooled means finds something and stays far below; movement adds to it."""
    from sklearn.linear_model import RidgeCV
    from sklearn.preprocessing import StandardScaler

    def r2(task: int, *, deviation: bool) -> float:
        train, val = demo.splits["train"], demo.splits["val"]
        scaler = StandardScaler().fit(pooled(train, deviation=deviation))
        seen = np.isfinite(train.labels[:, task])
        ridge = RidgeCV(np.logspace(1, 5, 9)).fit(
            scaler.transform(pooled(train, deviation=deviation))[seen], train.labels[seen, task]
        )
        return r2_score(
            ridge.predict(scaler.transform(pooled(val, deviation=deviation))), val.labels[:, task]
        )

    overall = demo.schema.tasks.index("overall")
    by_mean, by_both = r2(overall, deviation=False), r2(overall, deviation=True)
    assert 0.1 < by_mean < 0.55
    assert by_both > by_mean + 0.05
    assert by_both < demo.attainable_r2["val"]["overall"] - 0.15


def test_the_fingerprint_follows_from_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A changed generator must not be served an old prepared store."""
    before = demo_fingerprint()
    changed = tmp_path / "synthetic.py"
    changed.write_text(Path(synthetic.__file__).read_text() + "\n# changed\n")
    monkeypatch.setattr(synthetic, "__file__", str(changed))
    assert demo_fingerprint() != before
