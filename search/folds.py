"""Group-aware folds of train + val, for figures that the search has not been fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from avq_core.data.folds import restandardise
from avq_core.data.prepared import PreparedSplit, SearchSplits

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Rows of the joined train + val split."""

    train: Index
    val: Index


def make_folds(groups: tuple[str, ...], num_folds: int, seed: int) -> list[Fold]:
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


def join(splits: SearchSplits) -> PreparedSplit:
    """Train and val behind one another."""
    train, val = splits.train, splits.val
    return PreparedSplit(
        streams={
            name: np.concatenate([values, val.streams[name]])
            for name, values in train.streams.items()
        },
        targets=np.concatenate([train.targets, val.targets]),
        groups=train.groups + val.groups,
    )


def cut(joined: PreparedSplit, fold: Fold, splits: SearchSplits) -> SearchSplits:
    """The two sides of a fold, standardised anew by the fold's own train side."""
    train, val = restandardise(_rows(joined, fold.train), _rows(joined, fold.val))
    return SearchSplits(schema=splits.schema, train=train, val=val)


def _rows(split: PreparedSplit, index: Index) -> PreparedSplit:
    return PreparedSplit(
        streams={name: values[index] for name, values in split.streams.items()},
        targets=split.targets[index],
        groups=tuple(split.groups[i] for i in index),
    )
