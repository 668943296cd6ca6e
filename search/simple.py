"""The simple baselines of a study: fitted once, kept with it, shown beside whatever it finds."""

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterator
from typing import Final

import optuna

from avq_core.data.prepared import PreparedStore
from search.score import Watch, with_nan
from studies import records

_NICE: Final = 10
"""Workers that share the cores with the fitting go first."""


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


@contextlib.contextmanager
def simple_baselines_beside(
    study: optuna.Study, store: PreparedStore, *, on_wait: Callable[[], None]
) -> Iterator[None]:
    """Fits the simple baselines in a thread while the search's workers run, unless that is done.

    On leaving they are there: what is not fitted by then is waited for, but not by a search that was
    stopped. Where the thread failed they are fitted once more, so that what is wrong is raised here.

    Args:
        study: The study.
        store: Its prepared data.
        on_wait: Called where they have to be waited for.
    """
    thread = threading.Thread(target=_fit_beside, args=(study, store), daemon=True)
    thread.start()
    yield
    if thread.is_alive():
        on_wait()
        thread.join()
    note_simple_baselines(study, store)


def _fit_beside(study: optuna.Study, store: PreparedStore) -> None:
    with contextlib.suppress(OSError, AttributeError):  # on Linux, where threads have priorities
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    with contextlib.suppress(Exception):  # met again by whoever waits
        note_simple_baselines(study, store)


def best_simple(study: optuna.Study, watch: Watch) -> str | None:
    """The simple baseline of the highest score on val; `None` where the study has none."""
    stored: dict[str, dict[str, float | None]] = study.user_attrs.get(records.SIMPLE, {})
    scores = {name: watch.score(watch.figures(with_nan(r2))) for name, r2 in stored.items()}
    known = {name: score for name, score in scores.items() if math.isfinite(score)}
    return max(known, key=lambda name: known[name], default=None)
