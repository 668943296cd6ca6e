"""Folds of train + val, each a prepared store that is fitted on the fold's train side."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from avq_core.config.data import DataConfig
from avq_core.data.dataset import RawSplit
from avq_core.data.store.balanced_folds import Fold, Index, make_folds
from avq_core.data.store.files import check_writable
from avq_core.data.store.reading import read_dataset
from avq_core.data.store.store import (
    PreparedStore,
    open_if_complete,
    store_key,
    write,
)
from avq_core.errors import DataError


def cut_folds(
    of: PreparedStore, *, num_folds: int, seed: int, watched: Sequence[str]
) -> list[Fold]:
    """Cuts the train + val of a store into folds, as `make_folds` does.

    Args:
        of: The study's store.
        num_folds: Upper bound on the folds.
        seed: Seed of the folds.
        watched: Tasks of which every fold holds two different labels on either side.

    Raises:
        DataError: Not even two such folds can be made.
    """
    splits = of.search_splits()
    labels = np.concatenate([splits.train.targets, splits.val.targets])
    columns = [of.schema.tasks.index(task) for task in watched]
    groups = splits.train.groups + splits.val.groups
    return make_folds(groups, labels, num_folds, seed, watched=columns)


def prepare_folds(
    source: str,
    config: DataConfig,
    *,
    of: PreparedStore,
    root: Path,
    folds: Sequence[Fold],
    on_note: Callable[[str], None],
) -> list[PreparedStore]:
    """Writes a store for each fold, with all preprocessing fitted on the fold's train side.

    Medians, means, deviations, clipping, components and label ranges: nothing is reused from the
    study's store, whose train split contains clips of the folds' val sides.

    Args:
        source: The study's data.
        config: The study's data settings.
        of: The study's store, for its fingerprint.
        root: Folder of the folds' stores; existing ones are reused.
        folds: Cut from the samples of train and val together, in that order.
        on_note: Called with a line on each step of the work.

    Raises:
        DataError: The data is no longer that of the study, or there is not enough disk space.
    """
    keys = [store_key(of.fingerprint, config, "fold", fold.key) for fold in folds]
    stores = {key: store for key in keys if (store := open_if_complete(root / key)) is not None}
    if len(stores) < len(keys):
        check_writable(root)
        on_note(f"reading {source} for {len(folds)} folds")
        dataset, fingerprint = read_dataset(source, config, root)
        if fingerprint != of.fingerprint:
            raise DataError(
                f"{source} is not the data that this study was made of; put that file back, or "
                "start a new study with `study`"
            )
        joined = _joined(dataset.splits.pop("train"), dataset.splits.pop("val"))
        for key, fold in zip(keys, folds, strict=True):
            stores[key] = stores.get(key) or write(
                {"train": _rows(joined, fold.train), "val": _rows(joined, fold.val)},
                dataset.schema,
                config,
                root=root,
                key=key,
                about={"fingerprint": fingerprint, "attainable_r2": {}},
                on_note=on_note,
            )
    return [stores[key] for key in keys]


def _joined(train: RawSplit, val: RawSplit) -> RawSplit:
    return RawSplit(
        features={name: [*train.features[name], *val.features[name]] for name in train.features},
        labels=np.concatenate([train.labels, val.labels]),
        groups=train.groups + val.groups,
    )


def _rows(split: RawSplit, index: Index) -> RawSplit:
    """Some samples of a split, in new lists, since writing a store empties its lists."""
    return RawSplit(
        features={name: [samples[i] for i in index] for name, samples in split.features.items()},
        labels=split.labels[index],
        groups=[split.groups[i] for i in index],
    )
