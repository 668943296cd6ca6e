"""Simple baselines: what they find, and what they do without labels."""

import dataclasses

import numpy as np
import pytest
import torch

from avq_core.evaluation.simple_models import NAMES, fit_baselines, val_r2
from avq_core.training.metrics import r2_score
from avq_core.training.resident import ResidentSplits


def with_targets(splits: ResidentSplits, targets: torch.Tensor) -> ResidentSplits:
    train = dataclasses.replace(splits.train, targets=targets)
    return dataclasses.replace(splits, train=train)


def test_a_label_that_statistics_tell_is_found(splits: ResidentSplits) -> None:
    """The deviation of a column over time, which no mean tells."""
    schema = splits.schema
    told = [
        s.streams["audio"][:, :, 0].std(dim=1, correction=0) for s in (splits.train, splits.val)
    ]
    train = with_targets(splits, torch.stack([told[0]] * 3, dim=1)).train
    baselines = fit_baselines(train, schema, jobs=1)
    scores = baselines.scores(splits.val, schema)
    assert set(scores) == set(NAMES)
    found = {name: r2_score(s[:, 0], told[1].numpy()) for name, s in scores.items()}
    assert found["ridge"] > 0.9
    assert found["random forest"] > 0.4
    assert found["train mean"] <= 0


def test_the_train_mean_is_the_mean_of_the_labels_that_are_there(splits: ResidentSplits) -> None:
    """Missing ones are left out."""
    scores = fit_baselines(splits.train, splits.schema, jobs=1).scores(splits.val, splits.schema)
    wanted = np.nanmean(splits.train.targets.numpy(), axis=0)
    np.testing.assert_allclose(scores["train mean"][0], wanted, rtol=1e-5)


def test_tasks_with_few_labels_or_none(splits: ResidentSplits) -> None:
    """Few: their mean. None: no figure, told as null."""
    targets = splits.train.targets.clone()
    targets[:, 0] = torch.nan
    targets[:, 1] = torch.nan
    targets[:4, 1] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    changed = with_targets(splits, targets)
    baselines = fit_baselines(changed.train, changed.schema, jobs=1)
    scores = baselines.scores(changed.val, changed.schema)
    assert np.isnan(scores["ridge"][:, 0]).all()
    np.testing.assert_allclose(scores["random forest"][:, 1], 0.25, rtol=1e-5)
    assert val_r2(baselines, changed.val, changed.schema)["ridge"]["lip_sync"] is None


@pytest.mark.parametrize("name", NAMES)
def test_the_same_split_gives_the_same_scores(splits: ResidentSplits, name: str) -> None:
    """A study's baselines can be made again."""
    first, second = (
        fit_baselines(splits.train, splits.schema, jobs=1).scores(splits.val, splits.schema)[name]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
