"""The simple models of a study: fitted once, kept with it, shown beside whatever it finds."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final

import optuna

from avq_core.data.store.store import PreparedStore
from studies.records import attributes
from studies.records.codec import encode_r2

_NICE: Final = 10
"""Workers that share the cores with the fitting go first."""


def note_simple_models(study: optuna.Study, store: PreparedStore) -> None:
    """Fits the simple models on train and stores their R² on val, unless that is done.

    Whoever does it gets the same numbers, so machines that start together need no lock here.
    """
    if attributes.SIMPLE_MODELS in study.user_attrs:
        return
    import torch

    from avq_core.evaluation.simple_models import fit_simple_models, val_r2
    from avq_core.training.resident import splits_to_device

    splits = splits_to_device(store.search_splits(), torch.device("cpu"))
    models = fit_simple_models(splits.train, store.schema, jobs=-1)
    study.set_user_attr(
        attributes.SIMPLE_MODELS, encode_r2(val_r2(models, splits.val, store.schema))
    )


@contextlib.contextmanager
def simple_models_beside(
    study: optuna.Study, store: PreparedStore, *, on_wait: Callable[[], None]
) -> Iterator[None]:
    """Fits the simple models in a thread while the search's workers run, unless that is done.

    On leaving they are there: what is not fitted by then is waited for, but not by a search that was
    stopped. Where the thread failed, for want of memory beside the workers, say, they are fitted once
    more when those have ended; what is really wrong is raised then, and cost the search nothing.

    Args:
        study: The study.
        store: Its prepared data.
        on_wait: Called where they have to be waited for.
    """
    if attributes.SIMPLE_MODELS in study.user_attrs:
        yield
        return
    thread = threading.Thread(target=_fit_beside, args=(study, store), daemon=True)
    thread.start()
    yield
    if attributes.SIMPLE_MODELS not in study.user_attrs:
        on_wait()
    thread.join()
    note_simple_models(study, store)


def _fit_beside(study: optuna.Study, store: PreparedStore) -> None:
    if sys.platform == "linux":  # where threads have priorities of their own
        own = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, own, max(_NICE, os.getpriority(os.PRIO_PROCESS, own)))
    with contextlib.suppress(Exception):  # met again by whoever waits
        note_simple_models(study, store)
