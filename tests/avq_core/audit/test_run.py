"""The audit: correct counts, and findings of the right level."""

import json

import numpy as np
import pytest

from avq_core.audit.run import audit
from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.schema import Schema, Stream

SCHEMA = Schema(
    streams=(Stream(name="a", dim=3, temporal=True), Stream(name="c", dim=2, temporal=False)),
    num_frames=4,
    tasks=("x",),
)


def make_dataset(num: int = 60) -> Dataset:
    """A data set without findings."""

    def split(seed: int, name: str) -> RawSplit:
        rng = np.random.default_rng(seed)
        labels = np.linspace(-0.5, 0.5, num, dtype=np.float32)[:, None]
        return RawSplit(
            features={
                "a": list(rng.normal(size=(num, 4, 3)).astype(np.float32)),
                "c": list(rng.normal(size=(num, 2)).astype(np.float32)),
            },
            labels=labels,
            groups=[f"{name}{i}" for i in range(num)],
        )

    names = ("train", "val", "test")
    return Dataset(schema=SCHEMA, splits={name: split(i, name) for i, name in enumerate(names)})


def wide_dataset(num: int = 60) -> Dataset:
    """One stream of 40 columns that are mixtures of ten signals."""
    rng = np.random.default_rng(7)
    mix = rng.normal(size=(10, 40)) * np.linspace(0.1, 10, 40)
    schema = Schema(streams=(Stream(name="w", dim=40, temporal=True),), num_frames=30, tasks=("x",))

    def split(name: str) -> RawSplit:
        frames = rng.normal(size=(num, 30, 10)) + rng.normal(size=(num, 1, 10))
        values = (frames @ mix + 0.05 * rng.normal(size=(num, 30, 40))).astype(np.float32)
        labels = np.linspace(-0.5, 0.5, num, dtype=np.float32)[:, None]
        return RawSplit(
            features={"w": list(values)}, labels=labels, groups=[f"{name}{i}" for i in range(num)]
        )

    return Dataset(schema=schema, splits={name: split(name) for name in ("train", "val", "test")})


def two_tasks() -> Dataset:
    """Two tasks, one of which is nearly the negative of the other."""
    dataset = make_dataset()
    rng = np.random.default_rng(1)
    for split in dataset.splits.values():
        second = -split.labels + 0.01 * rng.normal(size=split.labels.shape)
        split.labels = np.concatenate([split.labels, second], axis=1).astype(np.float32)
        split.labels[:10, 1] = np.nan
    schema = Schema(streams=SCHEMA.streams, num_frames=4, tasks=("x", "y"))
    return Dataset(schema=schema, splits=dataset.splits)


def findings(dataset: Dataset, config: DataConfig | None = None) -> list[str]:
    """Each finding as level and message."""
    report = audit(dataset, config or DataConfig())
    return [f"{finding.level}: {finding.message}" for finding in report.findings]


def test_a_clean_set_gives_no_finding() -> None:
    """Clean data has no findings."""
    assert findings(make_dataset()) == []


def test_values_are_counted() -> None:
    """NaN, infinities, constant and empty columns, ranges, missing labels."""
    dataset = make_dataset()
    train = dataset.splits["train"]
    for sample in train.features["a"]:
        sample[:, 0] = 2
        sample[:, 1] = np.nan
    train.features["a"][0][0, 2] = np.inf
    train.features["a"][1][3, 2] = 50
    train.features["a"][2][3, 2] = -60
    train.labels[:15] = np.nan
    report = audit(dataset, DataConfig())
    check = report.streams[0]
    assert (check.split, check.stream, check.shape) == ("train", "a", (60, 4, 3))
    assert (check.nan, check.infinite, check.constant, check.empty) == (240, 1, 1, (1,))
    assert (check.low, check.high) == (-60, 50)
    task = report.tasks[0]
    assert (task.valid, task.missing_share, task.high) == (45, 0.25, 0.5)
    assert np.isnan(task.attainable_r2)
    lines = findings(dataset)
    assert any(
        line.startswith("warning: a: 240 values are NaN (11.11%): 240 in train") for line in lines
    )
    assert any(
        line.startswith("warning: a: 1 values are infinite (0.05%): 1 in train") for line in lines
    )
    assert (
        "warning: a in train: 1 of 3 columns have no finite value, all NaN or infinite (1)" in lines
    )
    assert "note: a in train: 1 of 3 columns are constant" in lines


def test_the_places_of_missing_values_are_reported() -> None:
    """By column, frame and sample; the message names the few places that have half of them."""
    dataset = wide_dataset()
    for sample in dataset.splits["val"].features["w"]:
        sample[:, 17] = np.nan
    missing = next(
        c for c in audit(dataset, DataConfig()).streams if (c.split, c.stream) == ("val", "w")
    ).missing
    assert missing is not None
    assert missing.columns == ((17, 60 * 30),)
    assert missing.half_columns == pytest.approx(1 / 40)
    assert missing.half_frames == pytest.approx(0.5)
    assert sum(missing.by_frame) == sum(missing.by_column) == 60 * 30
    (line,) = [line for line in findings(dataset) if "values are NaN" in line]
    assert line.endswith("1,800 in val; half of those in val are in 2.5% of its columns (17)")


def test_scale_redundancy_and_drift_are_measured() -> None:
    """They equal NumPy's results for the same rows."""
    dataset = wide_dataset()
    train, test = dataset.splits["train"], dataset.splits["test"]
    rows = np.concatenate(train.features["w"]).astype(np.float64)  # type: ignore[arg-type]
    for sample in test.features["w"]:
        sample[:, :20] += 5 * rows.std(axis=0)[:20]
    profile = audit(dataset, DataConfig()).profiles[0]
    assert profile.deviation_low == pytest.approx(rows.std(axis=0).min(), rel=1e-4)
    assert profile.deviation_high == pytest.approx(rows.std(axis=0).max(), rel=1e-4)
    correlation = np.corrcoef(rows.T)
    held = np.cumsum(np.linalg.eigvalsh(correlation)[::-1]) / 40
    assert profile.components == int(np.searchsorted(held, 0.99) + 1)
    assert profile.spectrum[-1] == pytest.approx(1)
    val, other = profile.drift
    assert (val.split, other.split) == ("val", "test")
    assert val.share == 0
    means = np.stack([np.mean(sample, axis=0) for sample in train.features["w"]])  # type: ignore[arg-type]
    shift = np.abs(np.mean(test.features["w"], axis=(0, 1)) - means.mean(axis=0)) / means.std(
        axis=0
    )  # type: ignore[arg-type]
    assert other.share == pytest.approx((shift > 1).mean())
    assert other.median == pytest.approx(np.median(shift), rel=1e-3)
    lines = findings(dataset)
    assert any(
        line.startswith("warning: w: in test 50% of the columns have a mean over one standard")
        for line in lines
    )
    assert any(
        "principal components have 99 % of the variance of its 40 columns" in line for line in lines
    )


def test_wild_values_are_reported() -> None:
    """With the largest of them."""
    dataset = make_dataset()
    dataset.splits["test"].features["a"][0][0, 1] = 15  # type: ignore[index]
    (line,) = [line for line in findings(dataset) if "beyond 10 train standard deviations" in line]
    assert line.startswith(
        "note: a: 1 of 3 columns have values beyond 10 train standard deviations, up to 1"
    )


def test_absent_streams_are_a_warning_only_where_splits_differ() -> None:
    """If they are as common in every split, the finding is a note."""
    dataset = make_dataset()
    for name, step in (("train", 2), ("val", 2), ("test", 2)):
        dataset.splits[name].features["a"][::step] = [None] * 30
    assert findings(dataset) == [
        "note: a: samples lack it: 30 of 60 in train, 30 of 60 in val, 30 of 60 in test"
    ]
    dataset.splits["test"].features["a"][1::2] = [None] * 30
    lines = findings(dataset)
    assert lines == [
        "warning: a: samples lack it: 30 of 60 in train, 30 of 60 in val, 60 of 60 in test"
    ]
    assert audit(dataset, DataConfig()).streams[0].absent == 30


def test_shorter_clips_have_no_missing_values() -> None:
    """Frames beyond the end of a clip do not count as missing."""
    dataset = make_dataset()
    for split in dataset.splits.values():
        split.features["a"] = [sample[: 1 + i % 4] for i, sample in enumerate(split.features["a"])]  # type: ignore[index]
    report = audit(dataset, DataConfig())
    assert (report.splits[0].shortest, report.splits[0].longest) == (1, 4)
    assert (report.streams[0].shape, report.streams[0].nan) == ((60, 4, 3), 0)
    assert report.findings == ()


def test_a_group_in_two_splits_is_an_error() -> None:
    """The message has their number, the splits and some names."""
    dataset = make_dataset()
    dataset.splits["val"].groups[:2] = ["train1", "train2"]
    (line,) = findings(dataset)
    assert line == (
        "error: 2 of 178 groups are in two or more splits: 2 in train and val "
        "(such as 'train1', 'train2')"
    )


def test_the_same_sample_in_two_splits_is_an_error() -> None:
    """It is recognised by its values, whatever its group."""
    dataset = make_dataset()
    for stream in ("a", "c"):
        dataset.splits["test"].features[stream][7] = dataset.splits["train"].features[stream][3]
        dataset.splits["val"].features[stream][1] = dataset.splits["val"].features[stream][0]
    assert findings(dataset) == [
        "error: identical samples in two or more splits: 1 (train 3 = test 7)",
        "note: samples that occur more than once in a split: 1",
    ]


@pytest.mark.parametrize("change", ["noise", "half precision"])
def test_a_sample_that_was_computed_twice_is_an_error(change: str) -> None:
    """Noise of a thousandth or float16 does not hide a duplicate; other samples are not reported."""
    dataset = wide_dataset()
    source = dataset.splits["train"].features["w"][3]
    assert source is not None
    rng = np.random.default_rng(0)
    noise = 1e-3 * source.std(axis=0) * rng.normal(size=source.shape)
    copy = source + noise if change == "noise" else source.astype(np.float16)
    dataset.splits["test"].features["w"][7] = copy.astype(np.float32)
    (line,) = [line for line in findings(dataset) if line.startswith("error")]
    assert line.startswith(
        "error: pairs of samples in two splits, the same except for rounding or noise: 1 (train 3 ~ test 7,"
    )


def test_samples_without_a_group_are_a_note() -> None:
    """Without groups a leak between splits cannot be detected."""
    dataset = make_dataset()
    dataset.splits["val"].groups[0] = "(no group: val 0)"
    assert findings(dataset) == ["note: samples without a group: 1"]
    assert audit(dataset, DataConfig()).splits[1].ungrouped == 1


def test_labels_have_histograms_and_correlations() -> None:
    """Bins are the same in all splits; correlations are over samples with both labels."""
    dataset = two_tasks()
    report = audit(dataset, DataConfig())
    assert [sum(task.histogram) for task in report.tasks] == [task.valid for task in report.tasks]
    assert {len(task.histogram) for task in report.tasks} == {20}
    (pair,) = report.correlations
    labels = dataset.splits["train"].labels
    both = labels[~np.isnan(labels).any(axis=1)]
    assert pair.count == len(both) == 50
    assert pair.r == pytest.approx(np.corrcoef(both.T)[0, 1], abs=1e-6)
    assert any(
        line.startswith("note: x and y correlate with r = -0.99") for line in findings(dataset)
    )


def test_a_split_of_another_difficulty_is_a_warning() -> None:
    """Its R² is not comparable."""
    dataset = make_dataset()
    dataset.splits["val"].labels[:] = dataset.splits["val"].labels * 0.2 + 0.35
    assert findings(dataset) == [
        "warning: tasks in val whose mean label differs from train's, in standard deviations: x +1.2"
    ]


def test_findings_on_labels_are_sorted_by_level() -> None:
    """No variance is an error, few labels a warning, another range a note."""
    dataset = make_dataset()
    dataset.splits["test"].labels[:] = 0.1
    dataset.splits["val"].labels[20:] = np.nan
    dataset.splits["val"].labels[0] = -0.8
    assert [line for line in findings(dataset) if "mean" not in line] == [
        "error: x in test: 60 valid labels without variance, all 0.1: a constant label",
        "warning: tasks with fewer than 50 valid labels in val: x 20",
        "note: labels in val outside the range of train: x [-0.8, -0.178] of [-0.5, 0.5]",
    ]


def test_pca_of_constant_columns_is_an_error() -> None:
    """There cannot be more components than columns that vary."""
    dataset = make_dataset()
    for sample in dataset.splits["train"].features["a"]:
        sample[:, 0] = 2
    (line,) = findings(dataset, DataConfig(pca={"a": 3}))
    assert line.startswith("error: a in train: 1 of 3 columns are constant")


def test_attainable_r2_is_reported_where_it_is_known() -> None:
    """By task and split."""
    dataset = make_dataset()
    dataset.attainable_r2 = {"val": {"x": 0.8}}
    values = [task.attainable_r2 for task in audit(dataset, DataConfig()).tasks]
    assert values == pytest.approx([np.nan, 0.8, np.nan], nan_ok=True)


def test_the_report_is_json_without_nan() -> None:
    """NaN, which JSON does not have, becomes null."""
    dataset = make_dataset()
    dataset.splits["test"].labels[:] = np.nan
    text = json.dumps(audit(dataset, DataConfig()).to_dict(), allow_nan=False)
    assert json.loads(text)["tasks"][2]["mean"] is None


@pytest.mark.parametrize("place", [slice(0, 1), slice(None)], ids=["a frame", "a clip"])
def test_columns_that_a_few_train_clips_dominate_are_noted(place: slice) -> None:
    """More broken clips than the range leaves out; an action that is as rare is none."""
    clean, broken, rare = make_dataset(), make_dataset(), make_dataset()
    for index in range(5):
        frames = broken.splits["train"].features["a"][7 * index]
        assert frames is not None
        frames[place, 1] = 1e5
    for index, sample in enumerate(rare.splits["train"].features["a"]):
        assert sample is not None
        sample[:, 1] = sample[:, 1] * 50 + 7 if index % 12 == 0 else 3
    assert not [
        f.message
        for dataset in (clean, rare)
        for f in audit(dataset, DataConfig()).findings
        if "few clips" in f.message
    ]
    report = audit(broken, DataConfig())
    (note,) = (f for f in report.findings if "few clips" in f.message)
    assert note.level == "note"
    assert note.message == (
        "a in train: a few clips make over 95 % of the standard deviation of 1 of 3 columns (column "
        "1: 8.3% of the clips)"
    )
    json.dumps(report.to_dict(), allow_nan=False)


def test_values_far_outside_the_range_are_a_warning_that_says_where() -> None:
    """They are counted by sample, and change nothing else of the audit."""
    clean, broken = make_dataset(), make_dataset()
    frame = broken.splits["train"].features["a"][4]
    level = broken.splits["val"].features["c"][7]
    assert frame is not None
    assert level is not None
    frame[2, :], level[1] = 1e38, -1e6
    before, after = audit(clean, DataConfig()), audit(broken, DataConfig())
    outside = [f for f in after.findings if "outside the range of the train clips" in f.message]
    assert [f.level for f in outside] == ["warning", "warning"]
    assert "a: 3 values lie" in outside[0].message
    assert "(train sample 4, columns 0, 1, 2: 3 up to 1e+38)" in outside[0].message
    assert "(val sample 7, columns 1: 1 up to -1e+06)" in outside[1].message
    assert {f.message for f in after.findings} - {f.message for f in before.findings} == {
        f.message for f in outside
    }
    check = next(c for c in after.streams if (c.stream, c.split) == ("a", "train"))
    assert (check.outside, check.high) == (3, pytest.approx(1e38))
    for old, new in zip(before.profiles, after.profiles, strict=True):
        assert new.deviation_high == pytest.approx(old.deviation_high, rel=0.05)
        assert new.wild == old.wild
    json.dumps(after.to_dict(), allow_nan=False)
