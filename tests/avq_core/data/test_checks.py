"""The audit counts rightly, and grades what it finds."""

import json

import numpy as np
import pytest

from avq_core.data.checks import audit
from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.schema import Schema, Stream
from avq_core.data_config import DataConfig

SCHEMA = Schema(
    streams=(Stream(name="a", dim=3, temporal=True), Stream(name="c", dim=2, temporal=False)),
    num_frames=4,
    tasks=("x",),
)


def make_dataset(num: int = 60) -> Dataset:
    """A data set in which there is nothing to remark."""

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


def found(dataset: Dataset, config: DataConfig | None = None) -> list[str]:
    """Each finding as level and message."""
    report = audit(dataset, config or DataConfig())
    return [f"{finding.level}: {finding.message}" for finding in report.findings]


def test_a_clean_set_gives_no_finding() -> None:
    """Silence where there is nothing to say."""
    assert found(make_dataset()) == []


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
    assert (check.nan, check.infinite, check.constant, check.empty) == (240, 1, 1, 1)
    assert (check.low, check.high) == (-60, 50)
    task = report.tasks[0]
    assert (task.valid, task.missing_share, task.high) == (45, 0.25, 0.5)
    assert np.isnan(task.attainable_r2)
    lines = found(dataset)
    assert "warning: a in train: 240 values are NaN (33.33%)" in lines
    assert "warning: a in train: 1 values are infinite" in lines
    assert "warning: a in train: 1 of 3 columns have no finite value" in lines
    assert "note: a in train: 1 of 3 columns are constant" in lines


def test_a_group_in_two_splits_is_a_warning() -> None:
    """How many, in which splits, and which."""
    dataset = make_dataset()
    dataset.splits["val"].groups[:2] = ["train1", "train2"]
    (line,) = found(dataset)
    assert line == (
        "warning: 2 of 178 groups stand in two splits or more: 2 in train and val "
        "(such as 'train1', 'train2')"
    )


def test_the_same_sample_in_two_splits_is_a_warning() -> None:
    """Seen by its values, whatever its group says."""
    dataset = make_dataset()
    for stream in ("a", "c"):
        dataset.splits["test"].features[stream][7] = dataset.splits["train"].features[stream][3]
        dataset.splits["val"].features[stream][1] = dataset.splits["val"].features[stream][0]
    assert found(dataset) == [
        "warning: 1 samples stand in two splits or more, value for value (train 3 = test 7)",
        "note: 1 samples stand in one split more than once",
    ]


def test_samples_without_a_group_are_a_note() -> None:
    """Without groups a leak cannot be seen."""
    dataset = make_dataset()
    dataset.splits["val"].groups[0] = "(no group: val 0)"
    assert found(dataset) == ["note: 1 samples name no group"]
    assert audit(dataset, DataConfig()).splits[1].ungrouped == 1


def test_labels_that_cannot_be_judged_come_first() -> None:
    """No variance is an error, few labels a warning, another range a note."""
    dataset = make_dataset()
    dataset.splits["test"].labels[:] = 0.1
    dataset.splits["val"].labels[20:] = np.nan
    dataset.splits["val"].labels[0] = -0.8
    assert found(dataset) == [
        "error: x in test: 60 valid labels without variance",
        "warning: x in val: only 20 valid labels",
        "note: x in val: labels in [-0.8, -0.178] leave the train split's [-0.5, 0.5]",
    ]


def test_pca_of_constant_columns_is_an_error() -> None:
    """More components than columns that vary cannot be."""
    dataset = make_dataset()
    for sample in dataset.splits["train"].features["a"]:
        sample[:, 0] = 2
    (line,) = found(dataset, DataConfig(pca={"a": 3}))
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
