"""Group-aware folds of train + val, each a prepared store that is fitted on the fold's train side.

Shapes: N samples of train and val together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.dataset import RawSplit
from avq_core.data.store.files import check_writable
from avq_core.data.store.store import (
    PreparedStore,
    open_if_complete,
    read_dataset,
    store_key,
    write,
)
from avq_core.errors import DataError

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A fold: indices of the joined train + val split."""

    train: Index
    val: Index


def make_folds(groups: Sequence[str], num_folds: int, seed: int) -> list[Fold]:
    """Splits samples into folds whose train and val sides share no group.

    Args:
        groups: N group names of the joined split.
        num_folds: Number of folds; fewer are made if there are fewer groups. A data set of a single
            group is split by sample.
        seed: Seed of the shuffle.
    """
    from sklearn.model_selection import GroupKFold, KFold

    names = np.asarray(groups, dtype=str)
    rows = np.arange(len(names))
    if len(set(groups)) < 2:
        sides = KFold(num_folds, shuffle=True, random_state=seed).split(rows)
    else:
        folds = count_folds(groups, num_folds)
        sides = GroupKFold(folds, shuffle=True, random_state=seed).split(rows, groups=names)
    return [Fold(train=train, val=val) for train, val in sides]


def count_folds(groups: Sequence[str], num_folds: int) -> int:
    """Number of folds that `make_folds` makes: at most the number of groups, if there are several."""
    distinct = len(set(groups))
    return num_folds if distinct < 2 else min(num_folds, distinct)


def prepare_folds(
    source: str,
    config: DataConfig,
    *,
    of: PreparedStore,
    root: Path,
    num_folds: int,
    seed: int,
    on_note: Callable[[str], None],
) -> list[PreparedStore]:
    """Writes a store for each fold, with all preprocessing fitted on the fold's train side.

    Medians, means, deviations, clipping, components and label ranges: nothing is reused from the
    study's store, whose train split contains clips of the folds' val sides.

    Args:
        source: The study's data.
        config: The study's data settings.
        of: The study's store, for its fingerprint and groups.
        root: Folder of the folds' stores; existing ones are reused.
        num_folds: Number of folds, as `make_folds` takes it.
        seed: Seed of the folds.
        on_note: Called with a line on each step of the work.

    Raises:
        DataError: The data is no longer that of the study, or there is not enough disk space.
    """
    splits = of.search_splits()
    folds = make_folds(splits.train.groups + splits.val.groups, num_folds, seed)
    keys = [
        store_key(of.fingerprint, config, "fold", index, num_folds, seed)
        for index in range(len(folds))
    ]
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
