"""The simple baselines of a study: fitted once, kept with it, shown beside whatever it finds."""

import math

import optuna

from avq_core.data.prepared import PreparedStore
from search.score import Watch, with_nan
from studies import records


def note_simple_baselines(study: optuna.Study, store: PreparedStore) -> None:
    """Fits the simple baselines on train and stores their R² on val, unless that is done.

    Whoever does it gets the same figures, so machines that start together need no lock here.
    """
    if records.SIMPLE in study.user_attrs:
        return
    import torch

    from avq_core.training.baselines import fit_baselines, val_r2
    from avq_core.training.resident import splits_to_device

    splits = splits_to_device(store.search_splits(), torch.device("cpu"))
    baselines = fit_baselines(splits.train, store.schema, jobs=-1)
    study.set_user_attr(records.SIMPLE, val_r2(baselines, splits.val, store.schema))


def best_simple(study: optuna.Study, watch: Watch) -> str | None:
    """The simple baseline of the highest score on val; `None` where the study has none."""
    stored: dict[str, dict[str, float | None]] = study.user_attrs.get(records.SIMPLE, {})
    scores = {name: watch.score(watch.figures(with_nan(r2))) for name, r2 in stored.items()}
    known = {name: score for name, score in scores.items() if math.isfinite(score)}
    return max(known, key=lambda name: known[name], default=None)
