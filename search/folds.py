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


def cut(splits: SearchSplits, fold: Fold) -> SearchSplits:
    """The two sides of a fold, standardised anew by the fold's own train side.

    One stream at a time, so that no more than one stream is in memory twice. Values that preparation
    filled in keep the median of the study's train split, which knows some clips of the fold's val
    side; they are below 0.1 % of the user's file.

    Args:
        splits: The study's; the fold's rows count through train and on through val.
        fold: From `make_folds` on the groups of both.
    """
    targets = np.concatenate([splits.train.targets, splits.val.targets])
    groups = splits.train.groups + splits.val.groups
    sides: list[dict[str, npt.NDArray[np.float32]]] = [{}, {}]
    scaled = [targets, targets]
    for name in splits.train.streams:
        pair = restandardise(
            *(
                PreparedSplit(
                    streams={name: _rows(splits, name, index)},
                    targets=targets[index],
                    groups=tuple(groups[i] for i in index),
                )
                for index in (fold.train, fold.val)
            )
        )
        for side, made in zip(sides, pair, strict=True):
            side[name] = made.streams[name]
        scaled = [made.targets for made in pair]
    train, val = (
        PreparedSplit(streams=side, targets=y, groups=tuple(groups[i] for i in index))
        for side, y, index in zip(sides, scaled, (fold.train, fold.val), strict=True)
    )
    return SearchSplits(schema=splits.schema, train=train, val=val)


def _rows(splits: SearchSplits, name: str, index: Index) -> npt.NDArray[np.float32]:
    """Rows of train and val as if they stood behind one another, copied once."""
    train, val = splits.train.streams[name], splits.val.streams[name]
    rows = np.empty((len(index), *train.shape[1:]), np.float32)
    inside = index < len(train)
    rows[inside] = train[index[inside]]
    rows[~inside] = val[index[~inside] - len(train)]
    return rows
