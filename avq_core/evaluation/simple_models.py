"""Simple models on pooled statistics: a network that does not beat them is not worth its training.

Shapes: N samples, S statistics of a clip (`avq_core.model.statistics`), K tasks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.data.schema import Schema
from avq_core.evaluation.ridge import fit_ridge
from avq_core.training.metrics import r2_by_task
from avq_core.training.resident import ResidentSplit

FloatArray = npt.NDArray[np.float32]

TRAIN_MEAN: Final = "train mean"
NAMES: Final = (TRAIN_MEAN, "ridge", "random forest")
_MAX_DEVIATIONS = 5.0
"""Train standard deviations at which a statistic is clipped, as in the network's statistics path."""
_NUM_TREES = 300
_MIN_LABELS = 10
"""With fewer train labels than this, only their mean is fitted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimpleModels:
    """The simple models, fitted on a train split."""

    models: Mapping[str, tuple[Any, ...]]
    """Name, of `NAMES`, to one fitted model a task; `None` for a task without a train label."""
    scaler: Any
    """Standardises the pooled statistics by the train split's."""

    def scores(self, split: ResidentSplit, schema: Schema) -> dict[str, FloatArray]:
        """Scores a split: name to (N, K), in the scaled units; NaN for a task without train labels."""
        features = _features(self.scaler, split, schema)
        return {
            name: np.stack([_predicted(model, features) for model in models], axis=1)
            for name, models in self.models.items()
        }


def fit_simple_models(
    train: ResidentSplit, schema: Schema, *, groups: Sequence[str], jobs: int, seed: int = 0
) -> SimpleModels:
    """Fits the train mean, a ridge regression and a random forest for each task.

    Args:
        train: The train split; missing labels are left out.
        schema: The schema of the split.
        groups: Group name of each of its N clips, by which the ridge's penalty is chosen.
        jobs: Processor cores to use; -1 for all.
        seed: Seed of the random forest.
    """
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train.statistics(schema).cpu().numpy())
    features = _features(scaler, train, schema)
    targets = train.targets.cpu().numpy().astype(np.float64)
    names = np.asarray(groups, dtype=str)
    # The square root of the number of columns at each split: on real clips as good as a third of the
    # columns, in a twentieth of the time. Nothing of the forest is chosen on left-out clips.
    forest = {"max_features": "sqrt", "n_jobs": jobs, "random_state": seed}
    fits: dict[str, Callable[..., Any]] = {
        TRAIN_MEAN: lambda x, y, _: DummyRegressor().fit(x, y),
        "ridge": fit_ridge,
        "random forest": lambda x, y, _: RandomForestRegressor(_NUM_TREES, **forest).fit(x, y),
    }
    models: dict[str, tuple[Any, ...]] = {}
    for name in NAMES:
        fitted: list[Any] = []
        for column in targets.T:
            labelled = np.isfinite(column)
            fit = fits[name if labelled.sum() >= _MIN_LABELS else TRAIN_MEAN]
            fitted.append(
                fit(features[labelled], column[labelled], names[labelled])
                if labelled.any()
                else None
            )
        models[name] = tuple(fitted)
    return SimpleModels(models=models, scaler=scaler)


def _predicted(model: Any, features: FloatArray) -> FloatArray:
    if model is None:
        return np.full(len(features), np.nan, np.float32)
    predicted: FloatArray = model.predict(features).astype(np.float32)
    return predicted


def _features(scaler: Any, split: ResidentSplit, schema: Schema) -> FloatArray:
    """Standardised, clipped statistics (N, S); 0 for those of a stream that a clip lacks."""
    scaled = scaler.transform(split.statistics(schema).cpu().numpy())
    features: FloatArray = np.nan_to_num(scaled, nan=0.0).astype(np.float32)
    return features.clip(-_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def val_r2(models: SimpleModels, val: ResidentSplit, schema: Schema) -> dict[str, dict[str, float]]:
    """R² on a split by model and task; NaN where it is not defined."""
    targets = val.targets.cpu().numpy()
    return {
        name: r2_by_task(scores, targets, schema.tasks)
        for name, scores in models.scores(val, schema).items()
    }
