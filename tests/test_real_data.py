"""The real talking-head set, where it is: what was measured of it once must be read of it again."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avq_core.audit.run import audit
from avq_core.config.data import DataConfig
from avq_core.config.presets import manual
from avq_core.config.values import with_values
from avq_core.data.files.read import load_dataset
from avq_core.data.store.store import PreparedStore, prepare
from avq_core.training.loop import fit
from avq_core.training.resident import splits_to_device

FILE = Path(__file__).parents[1] / "datasets" / "talking_heads.pkl"
LABELS = {
    "lip_sync": (166, 52, 28),
    "expression": (166, 52, 28),
    "audio_quality": (182, 46, 76),
    "cross_modal": (273, 83, 73),
    "overall": (348, 98, 104),
}
"""Observed labels in train, val, test, as the set's makers counted them."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_data,
    pytest.mark.skipif(not FILE.is_file(), reason=f"the real set is not at {FILE}"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PreparedStore:
    """The set, prepared."""
    return prepare(str(FILE), DataConfig(), root=tmp_path_factory.mktemp("prepared"))


def test_streams_splits_and_labels_are_those_that_were_counted(store: PreparedStore) -> None:
    """Nothing is dropped and nothing is taken for a label that is none."""
    splits = store.search_splits()
    assert [len(s) for s in (splits.train, splits.val, store.test_split())] == [391, 111, 111]
    assert store.schema.num_frames == 150
    for k, task in enumerate(store.schema.tasks):
        found = [
            int(np.isfinite(split.targets[:, k]).sum())
            for split in (splits.train, splits.val, store.test_split())
        ]
        assert tuple(found) == LABELS[task]


def test_wild_values_and_a_constant_column_are_tamed(store: PreparedStore) -> None:
    """Raw values reach 800 and NaN come in runs; consistency is 1 everywhere."""
    train = store.search_splits().train
    for values in train.streams.values():
        assert np.isfinite(values).all()
    visual = train.streams["visual"]
    # Near 0: values beyond 10 deviations are cut off.
    np.testing.assert_allclose(visual.mean(axis=(0, 1), dtype=np.float64), 0, atol=5e-3)
    assert (train.streams["consistency"] == 0).all()


def test_the_audit_names_five_planted_faults() -> None:
    """A duplicate, a leaked group, an infinite value, a column of NaN, a constant label."""
    dataset = load_dataset(str(FILE), DataConfig())
    train, val, test = (dataset.splits[name] for name in ("train", "val", "test"))
    for stream in train.features:
        test.features[stream][5] = train.features[stream][3]
    val.groups[7] = train.groups[11]
    train.features["audio"][20] = np.array(train.features["audio"][20])
    train.features["audio"][20][75, 100] = np.inf
    for split in dataset.splits.values():
        split.features["au"] = [np.array(sample) for sample in split.features["au"]]
        for sample in split.features["au"]:
            sample[:, 4] = np.nan
    test.labels[np.isfinite(test.labels[:, 0]), 0] = 0.25
    lines = [f"{f.level}: {f.message}" for f in audit(dataset, DataConfig()).findings]
    for start in (
        "error: identical samples in two or more splits: 1 (train 3 = test 5)",
        "error: 1 of 162 groups are in two or more splits: 1 in train and val",
        "warning: audio: 1 values are infinite (0.00%): 1 in train",
        "warning: au in train: 1 of 17 columns have no finite value, all NaN or infinite (4)",
        f"error: {dataset.schema.tasks[0]} in test: 28 valid labels without variance, all 0.25",
    ):
        assert any(line.startswith(start) for line in lines), (start, lines)


def test_a_small_network_trains_on_it(store: PreparedStore) -> None:
    """Two epochs: the loss falls and every figure is defined."""
    config = with_values(
        manual(store.schema.tasks),
        {
            "model.hidden_dim": 32,
            "model.num_layers": 1,
            "model.num_heads": 2,
            "model.embedder_scale": 0.125,
            "optim.cycle_epochs": 2,
            "training.epochs": 2,
        },
    )
    history = fit(config, splits_to_device(store.search_splits(), torch.device("cpu"))).history
    assert history[1].train_loss < history[0].train_loss
    assert all(np.isfinite(list(record.r2.values())).all() for record in history)
