"""Simple models: what they learn, and what they do without labels."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyRegressor

from avq_core.evaluation.simple_models import NAMES, SimpleModels, fit_simple_models, val_r2
from avq_core.training.metrics import r2_score
from avq_core.training.resident import ResidentSplits


def fitted(splits: ResidentSplits) -> SimpleModels:
    """Fitted on the train split, of which each clip is a group."""
    groups = [str(clip) for clip in range(len(splits.train))]
    return fit_simple_models(splits.train, splits.schema, groups=groups, jobs=1)


def with_targets(splits: ResidentSplits, targets: torch.Tensor) -> ResidentSplits:
    train = dataclasses.replace(splits.train, targets=targets)
    return dataclasses.replace(splits, train=train)


def test_a_label_that_is_a_pooled_statistic_is_learned(splits: ResidentSplits) -> None:
    """The label is a column's standard deviation over time, which no mean over time contains."""
    schema = splits.schema
    deviations = [
        s.streams["audio"][:, :, 0].std(dim=1, correction=0) for s in (splits.train, splits.val)
    ]
    changed = with_targets(splits, torch.stack([deviations[0]] * 3, dim=1))
    scores = fitted(changed).scores(splits.val, schema)
    assert set(scores) == set(NAMES)
    r2 = {name: r2_score(s[:, 0], deviations[1].numpy()) for name, s in scores.items()}
    assert r2["ridge"] > 0.9
    assert r2["random forest"] > 0.4
    assert r2["train mean"] <= 0


def test_the_train_mean_leaves_missing_labels_out(splits: ResidentSplits) -> None:
    """It is the mean of the valid train labels."""
    scores = fitted(splits).scores(splits.val, splits.schema)
    wanted = np.nanmean(splits.train.targets.numpy(), axis=0)
    np.testing.assert_allclose(scores["train mean"][0], wanted, rtol=1e-5)


def test_tasks_with_few_labels_or_none(splits: ResidentSplits) -> None:
    """With few labels their mean is the score; without any there is no score, and no R²."""
    targets = splits.train.targets.clone()
    targets[:, 0] = torch.nan
    targets[:, 1] = torch.nan
    targets[:4, 1] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    changed = with_targets(splits, targets)
    models = fitted(changed)
    scores = models.scores(changed.val, changed.schema)
    assert np.isnan(scores["ridge"][:, 0]).all()
    np.testing.assert_allclose(scores["random forest"][:, 1], 0.25, rtol=1e-5)
    assert np.isnan(val_r2(models, changed.val, changed.schema)["ridge"]["lip_sync"])


def test_the_same_split_gives_the_same_scores(splits: ResidentSplits) -> None:
    """A study's simple models can be fitted again."""
    first, second = (fitted(splits).scores(splits.val, splits.schema) for _ in range(2))
    for name in NAMES:
        np.testing.assert_array_equal(first[name], second[name])


def test_the_ridge_chooses_its_penalty_by_the_groups_that_it_is_given(
    splits: ResidentSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the clips with a label of the task, in their order."""
    train = splits.train
    seen: list[list[str]] = []

    def noted(features: np.ndarray, target: np.ndarray, groups: list[str]) -> object:
        seen.append(list(groups))
        return DummyRegressor().fit(features, target)

    monkeypatch.setattr("avq_core.evaluation.simple_models.fit_ridge", noted)
    groups = [f"recording {clip // 4}" for clip in range(len(train))]
    fit_simple_models(train, splits.schema, groups=groups, jobs=1)
    labelled = np.isfinite(train.targets.numpy())
    assert seen == [[groups[n] for n in np.flatnonzero(column)] for column in labelled.T]
