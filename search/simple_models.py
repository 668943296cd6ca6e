"""The simple models of a study (train mean, ridge, forest): fitted once and stored with it."""

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
"""Niceness of the fitting, so that workers on the same cores go first."""


def note_simple_models(study: optuna.Study, store: PreparedStore) -> None:
    """Fits the simple models on train and stores their R² on val, unless they are stored already.

    The result is the same on every machine, so no lock is needed.
    """
    if study.user_attrs.get(attributes.SIMPLE_MODELS):
        return
    import torch

    from avq_core.evaluation.simple_models import fit_simple_models, val_r2
    from avq_core.training.resident import splits_to_device

    prepared = store.search_splits()
    splits = splits_to_device(prepared, torch.device("cpu"))
    models = fit_simple_models(splits.train, store.schema, groups=prepared.train.groups, jobs=-1)
    study.set_user_attr(
        attributes.SIMPLE_MODELS, encode_r2(val_r2(models, splits.val, store.schema))
    )


@contextlib.contextmanager
def simple_models_fitted_meanwhile(
    study: optuna.Study, store: PreparedStore, *, on_wait: Callable[[], None]
) -> Iterator[None]:
    """Fits the simple models in a thread while the search's workers run, unless they are stored already.

    On leaving, the thread is waited for, unless the search was stopped. If it failed (of too little memory
    beside the workers, say), the models are fitted again then; an error of that is raised, after the
    trials are done.

    Args:
        study: The study.
        store: Its prepared data.
        on_wait: Called before the thread is waited for.
    """
    if study.user_attrs.get(attributes.SIMPLE_MODELS):
        yield
        return
    thread = threading.Thread(target=_fit_beside, args=(study, store), daemon=True)
    thread.start()
    yield
    if not study.user_attrs.get(attributes.SIMPLE_MODELS):
        on_wait()
    thread.join()
    note_simple_models(study, store)


def _fit_beside(study: optuna.Study, store: PreparedStore) -> None:
    if sys.platform == "linux":  # where each thread has its own priority
        thread_id = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(
                os.PRIO_PROCESS, thread_id, max(_NICE, os.getpriority(os.PRIO_PROCESS, thread_id))
            )
    with contextlib.suppress(Exception):  # the second fit raises it
        note_simple_models(study, store)
