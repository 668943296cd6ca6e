"""Simple models: what they learn, and what they do without labels."""

import dataclasses

import numpy as np
import pytest
import torch

from avq_core.evaluation.simple_models import NAMES, fit_simple_models, val_r2
from avq_core.training.metrics import r2_score
from avq_core.training.resident import ResidentSplits


def with_targets(splits: ResidentSplits, targets: torch.Tensor) -> ResidentSplits:
    train = dataclasses.replace(splits.train, targets=targets)
    return dataclasses.replace(splits, train=train)


def test_a_label_that_is_a_pooled_statistic_is_learned(splits: ResidentSplits) -> None:
    """The label is a column's standard deviation over time, which no mean over time contains."""
    schema = splits.schema
    deviations = [
        s.streams["audio"][:, :, 0].std(dim=1, correction=0) for s in (splits.train, splits.val)
    ]
    train = with_targets(splits, torch.stack([deviations[0]] * 3, dim=1)).train
    scores = fit_simple_models(train, schema, jobs=1).scores(splits.val, schema)
    assert set(scores) == set(NAMES)
    r2 = {name: r2_score(s[:, 0], deviations[1].numpy()) for name, s in scores.items()}
    assert r2["ridge"] > 0.9
    assert r2["random forest"] > 0.4
    assert r2["train mean"] <= 0


def test_the_train_mean_leaves_missing_labels_out(splits: ResidentSplits) -> None:
    """It is the mean of the valid train labels."""
    scores = fit_simple_models(splits.train, splits.schema, jobs=1).scores(
        splits.val, splits.schema
    )
    wanted = np.nanmean(splits.train.targets.numpy(), axis=0)
    np.testing.assert_allclose(scores["train mean"][0], wanted, rtol=1e-5)


def test_tasks_with_few_labels_or_none(splits: ResidentSplits) -> None:
    """With few labels their mean is the score; without any there is no score, and no R²."""
    targets = splits.train.targets.clone()
    targets[:, 0] = torch.nan
    targets[:, 1] = torch.nan
    targets[:4, 1] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    changed = with_targets(splits, targets)
    models = fit_simple_models(changed.train, changed.schema, jobs=1)
    scores = models.scores(changed.val, changed.schema)
    assert np.isnan(scores["ridge"][:, 0]).all()
    np.testing.assert_allclose(scores["random forest"][:, 1], 0.25, rtol=1e-5)
    assert np.isnan(val_r2(models, changed.val, changed.schema)["ridge"]["lip_sync"])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_split_gives_the_same_scores(splits: ResidentSplits, name: str) -> None:
    """A study's simple models can be fitted again."""
    first, second = (
        fit_simple_models(splits.train, splits.schema, jobs=1).scores(splits.val, splits.schema)[
            name
        ]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
