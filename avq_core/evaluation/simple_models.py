"""Simple baselines on pooled statistics: what a network has to beat to be worth its training.

Shapes: N samples, S statistics of a clip (`avq_core.model.statistics`), K tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.data.schema import Schema
from avq_core.training.metrics import r2_by_task
from avq_core.training.resident import ResidentSplit

FloatArray = npt.NDArray[np.float32]

TRAIN_MEAN: Final = "train mean"
NAMES: Final = (TRAIN_MEAN, "ridge", "random forest")
_FARTHEST = 5.0
"""Train deviations at which a statistic is cut off, as in the network's own path."""
_RIDGES = tuple(10.0**k for k in range(8))
"""Penalties to choose from, by leaving one train clip out at a time."""
_TREES = 300
_LEAST_LABELS = 10
"""Below this many train labels nothing but their mean is fitted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baselines:
    """Fitted on a train split; a model for each name and task."""

    models: Mapping[str, tuple[Any, ...]]
    """`None` for a task without a train label."""
    scaler: Any

    def scores(self, split: ResidentSplit, schema: Schema) -> dict[str, FloatArray]:
        """(N, K) in the targets' scaled units, by name; NaN for a task without a train label."""
        features = _features(self.scaler, split, schema)
        return {
            name: np.stack([_predicted(model, features) for model in models], axis=1)
            for name, models in self.models.items()
        }


def fit_baselines(train: ResidentSplit, schema: Schema, *, jobs: int, seed: int = 0) -> Baselines:
    """Fits the train mean, a ridge regression and a random forest for each task.

    Args:
        train: With statistics and targets; only labels that are there are fitted on.
        schema: Of the split.
        jobs: Processor cores to use.
        seed: Of the forest.
    """
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train.statistics(schema).cpu().numpy())
    features = _features(scaler, train, schema)
    targets = train.targets.cpu().numpy().astype(np.float64)
    makers = {
        TRAIN_MEAN: DummyRegressor,
        "ridge": lambda: RidgeCV(alphas=_RIDGES),
        # As many columns a split as their square root: on real clips as good as a third of them,
        # in a twentieth of the time (docs/experiments.md).
        "random forest": lambda: RandomForestRegressor(
            _TREES, max_features="sqrt", n_jobs=jobs, random_state=seed
        ),
    }
    models: dict[str, tuple[Any, ...]] = {}
    for name in NAMES:
        fitted: list[Any] = []
        for column in targets.T:
            known = np.isfinite(column)
            if not known.any():
                fitted.append(None)
                continue
            model = makers[name]() if known.sum() >= _LEAST_LABELS else DummyRegressor()
            fitted.append(model.fit(features[known], column[known]))
        models[name] = tuple(fitted)
    return Baselines(models=models, scaler=scaler)


def _predicted(model: Any, features: FloatArray) -> FloatArray:
    if model is None:
        return np.full(len(features), np.nan, np.float32)
    predicted: FloatArray = model.predict(features).astype(np.float32)
    return predicted


def _features(scaler: Any, split: ResidentSplit, schema: Schema) -> FloatArray:
    scaled = scaler.transform(split.statistics(schema).cpu().numpy())
    features: FloatArray = np.nan_to_num(scaled, nan=0.0).astype(np.float32)
    return features.clip(-_FARTHEST, _FARTHEST)


def val_r2(
    baselines: Baselines, val: ResidentSplit, schema: Schema
) -> dict[str, dict[str, float | None]]:
    """R² on a split by baseline and task, as JSON takes it: `None` where it is not defined."""
    targets = val.targets.cpu().numpy()
    return {
        name: {
            task: value if np.isfinite(value) else None
            for task, value in r2_by_task(scores, targets, schema.tasks).items()
        }
        for name, scores in baselines.scores(val, schema).items()
    }
