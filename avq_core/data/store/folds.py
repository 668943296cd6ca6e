"""Group-aware folds of train + val, each a prepared store that is fitted on its own train side.

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
from avq_core.data.store.store import PreparedStore, open_whole, read_dataset, store_key, write
from avq_core.errors import DataError

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Rows of the joined train + val split."""

    train: Index
    val: Index


def make_folds(groups: Sequence[str], num_folds: int, seed: int) -> list[Fold]:
    """Cuts samples into folds that never share a group.

    Args:
        groups: N group names, of the joined split.
        num_folds: Wanted; fewer where there are fewer groups. A set of one group is cut by sample.
        seed: Of the shuffle.
    """
    from sklearn.model_selection import GroupKFold, KFold

    names = np.asarray(groups, dtype=str)
    rows = np.arange(len(names))
    if len(set(groups)) < 2:
        cuts = KFold(num_folds, shuffle=True, random_state=seed).split(rows)
    else:
        folds = count_folds(groups, num_folds)
        cuts = GroupKFold(folds, shuffle=True, random_state=seed).split(rows, groups=names)
    return [Fold(train=train, val=val) for train, val in cuts]


def count_folds(groups: Sequence[str], wanted: int) -> int:
    """Folds that `make_folds` can cut: no more than there are groups, if there are groups."""
    distinct = len(set(groups))
    return wanted if distinct < 2 else min(wanted, distinct)


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
    """Writes a store for each fold, with everything fitted anew on the fold's own train side.

    Medians, means, deviations, clipping, components and label ranges: nothing is taken over from
    the study's own store, whose train split knows clips of the folds' val sides.

    Args:
        source: The study's data.
        config: The study's data settings.
        of: The study's own store, for its fingerprint and groups.
        root: Folder of the folds' stores; those that are there already are not made again.
        num_folds: As `make_folds` takes it.
        seed: Of the cut.
        on_note: Takes a line on each step of the work.

    Raises:
        DataError: The data is no longer what the study was made of, or there is no room.
    """
    splits = of.search_splits()
    folds = make_folds(splits.train.groups + splits.val.groups, num_folds, seed)
    keys = [
        store_key(of.fingerprint, config, "fold", index, num_folds, seed)
        for index in range(len(folds))
    ]
    stores = {key: store for key in keys if (store := open_whole(root / key)) is not None}
    if len(stores) < len(keys):
        check_writable(root)
        on_note(f"reading {source} for {len(folds)} folds")
        dataset, fingerprint = read_dataset(source, config, root)
        if fingerprint != of.fingerprint:
            raise DataError(
                f"{source} is not the data that this study was made of; put that file back, or "
                "start a new study with --study"
            )
        whole = _joined(dataset.splits.pop("train"), dataset.splits.pop("val"))
        for key, fold in zip(keys, folds, strict=True):
            stores[key] = stores.get(key) or write(
                {"train": _rows(whole, fold.train), "val": _rows(whole, fold.val)},
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


def _rows(whole: RawSplit, index: Index) -> RawSplit:
    """Some rows of a split: new lists of the same arrays, so that using them up harms no other."""
    return RawSplit(
        features={name: [samples[i] for i in index] for name, samples in whole.features.items()},
        labels=whole.labels[index],
        groups=[whole.groups[i] for i in index],
    )
