"""Cuts samples into folds that are alike, with groups whole. Pure.

Folds are alike where each has its share of the clips and of the labels of every task. Groups are dealt
out one by one, then exchanged between folds as long as that makes them more alike.

Shapes: N samples, K tasks, G groups, F folds, C shares to balance (clips and labels of each task),
W watched tasks.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.errors import DataError

_MAX_STARTS: Final = 20
"""Random orders in which groups are dealt out, until every fold can be judged on every watched task. The
first one nearly always does."""
_MAX_SWEEPS: Final = 20
"""Upper bound on the passes over all groups; after three to six there is nothing left to gain."""
_ALIKE: Final = 0.01
"""Relative deviation from an equal share at which folds are alike enough."""
_MIN_GAIN: Final = 1e-9
"""Of an exchange, so that rounding errors do not go round in circles."""

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """A fold: indices of the samples on either side."""

    train: Index
    val: Index

    @property
    def key(self) -> str:
        """Sixteen digits that two folds of the same samples share only if they are equal."""
        return hashlib.sha256(self.val.astype("<i8").tobytes()).hexdigest()[:16]


def make_folds(
    groups: Sequence[str],
    labels: npt.NDArray[np.floating],
    num_folds: int,
    seed: int,
    *,
    watched: Sequence[int] = (),
) -> list[Fold]:
    """Cuts samples into folds whose train and val sides share no group.

    Fewer folds are made where there are fewer groups, or where more could not all hold two different
    labels of every watched task, without which R² is not defined. Samples of a single group are cut as
    if each were a group.

    Args:
        groups: N group names.
        labels: (N, K), NaN where missing.
        num_folds: Upper bound on the folds, at least 2.
        seed: Other seeds give other folds, where the groups allow it.
        watched: Columns of the W watched tasks.

    Returns:
        Two or more folds; every sample is on the val side of exactly one.

    Raises:
        DataError: Not even two folds can be made.
    """
    names, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < 2:
        group_of = np.arange(len(groups))
    num_groups = len(set(group_of.tolist()))
    for count in range(min(num_folds, num_groups), 1, -1):
        fold_of = _deal(group_of, labels, count, seed, watched)
        if fold_of is not None:
            is_val = [fold_of == fold for fold in range(count)]
            return [Fold(train=np.flatnonzero(~val), val=np.flatnonzero(val)) for val in is_val]
    raise DataError(
        f"train + val have {len(groups)} clip(s) in {len(names)} group(s), which cannot be cut into two "
        "folds that each hold two different labels of every watched task; add labelled clips or groups"
    )


def even_folds(folds: Sequence[Fold]) -> float:
    """Number of folds of one size that hold as many validation clips for each train clip as these.

    It is their own number where they are of one size, and less where they are not.
    """
    return 1 + 1 / float(np.mean([len(fold.val) / len(fold.train) for fold in folds]))


def _deal(
    group_of: Index,
    labels: npt.NDArray[np.floating],
    num_folds: int,
    seed: int,
    watched: Sequence[int],
) -> Index | None:
    """The fold of each sample; `None` where no start gives every fold its labels of watched tasks."""
    for start in range(_MAX_STARTS):
        rng = np.random.default_rng((seed, num_folds, start))
        dealing = _Dealing(group_of, labels, num_folds, watched, rng)
        dealing.exchange()
        if not dealing.num_lacking():
            return dealing.fold[group_of]
    return None


class _Dealing:
    """Groups dealt out to folds.

    What is made small is first the number of labels that folds lack (two different ones of each watched
    task), then the sum of the folds' squared shares, which is least where all are equal.
    """

    def __init__(
        self,
        group_of: Index,
        labels: npt.NDArray[np.floating],
        num_folds: int,
        watched: Sequence[int],
        rng: np.random.Generator,
    ) -> None:
        self.rng = rng
        self.num_folds = num_folds
        self.share = _shares(group_of, labels)  # (G, C)
        self.lowest, self.highest = _ranges(group_of, labels[:, list(watched)])  # (G, W) each
        self.fold = np.zeros(len(self.share), dtype=np.int64)  # (G,)
        self._deal_out()

    def _deal_out(self) -> None:
        """Puts each group where it makes the sum of squares rise least, in a random order."""
        sums = np.zeros((self.num_folds, self.share.shape[1]))
        for group in self.rng.permutation(len(self.share)):
            rise = sums @ self.share[group]
            self.fold[group] = self.rng.choice(np.flatnonzero(rise <= rise.min() + _MIN_GAIN))
            sums[self.fold[group]] += self.share[group]

    def exchange(self) -> None:
        """Swaps two groups of different folds, or moves one, until folds are alike or nothing gains."""
        for _ in range(_MAX_SWEEPS):
            if self._deviation() <= _ALIKE and not self.num_lacking():
                return
            gained = [self._improve(group) for group in self.rng.permutation(len(self.share))]
            if not any(gained):
                return

    def num_lacking(self) -> int:
        """Labels that folds lack."""
        return int(_lacking(*self._ranges_of_folds()).sum())

    def _deviation(self) -> float:
        """The largest relative deviation of a fold's share from an equal one."""
        sums = self._sums()
        shared = sums.sum(axis=0) > 0  # a task without any label has nothing to share
        return float(np.abs(self.num_folds * sums[:, shared] - 1).max())

    def _sums(self) -> Floats:
        """Each fold's shares, (F, C)."""
        sums = np.zeros((self.num_folds, self.share.shape[1]))
        np.add.at(sums, self.fold, self.share)
        return sums

    def _improve(self, group: int) -> bool:
        """Makes the best exchange of one group, if there is any that gains."""
        mine = self.fold[group]
        # Its partners: every group, and "nothing" of each fold, which is a move to that fold.
        partner_fold = np.concatenate([self.fold, np.arange(self.num_folds)])
        lacking, rise = self._changes(group, partner_fold)
        lacking[partner_fold == mine] = 0
        rise[partner_fold == mine] = 0
        best = int(np.lexsort((rise, lacking))[0])
        if not (lacking[best] < 0 or (lacking[best] == 0 and rise[best] < -_MIN_GAIN)):
            return False
        self.fold[group] = partner_fold[best]
        if best < len(self.fold):
            self.fold[best] = mine
        return True

    def _changes(self, group: int, partner_fold: Index) -> tuple[Index, Floats]:
        """What an exchange with each partner changes: lacking labels, and the sum of squares."""
        mine = self.fold[group]
        nothing = np.zeros((self.num_folds, self.share.shape[1]))
        given = self.share[group] - np.concatenate([self.share, nothing])
        sums = self._sums()
        rise = 2 * (given * (sums[partner_fold] - sums[mine] + given)).sum(axis=1)
        if not self.lowest.shape[1]:
            return np.zeros(len(rise), dtype=np.int64), rise
        low, high = self._ranges_of_folds()
        rest_low = np.concatenate([_without_each(self.lowest, self.fold, self.num_folds), low])
        rest_high = np.concatenate([-_without_each(-self.highest, self.fold, self.num_folds), high])
        none = np.full(low.shape, np.inf)
        in_own = _lacking(
            np.minimum(rest_low[group], np.concatenate([self.lowest, none])),
            np.maximum(rest_high[group], np.concatenate([self.highest, -none])),
        )
        in_partner = _lacking(
            np.minimum(rest_low, self.lowest[group]), np.maximum(rest_high, self.highest[group])
        )
        before = _lacking(low, high)
        return in_own + in_partner - before[mine] - before[partner_fold], rise

    def _ranges_of_folds(self) -> tuple[Floats, Floats]:
        """The lowest and the highest label of each fold, (F, W) each."""
        low = np.full((self.num_folds, self.lowest.shape[1]), np.inf)
        high = -low
        np.minimum.at(low, self.fold, self.lowest)
        np.maximum.at(high, self.fold, self.highest)
        return low, high


def _shares(group_of: Index, labels: npt.NDArray[np.floating]) -> Floats:
    """Each group's share of all clips and of all labels of each task, (G, C)."""
    counts = np.concatenate([np.ones((len(labels), 1)), np.isfinite(labels)], axis=1)
    sums: Floats = np.zeros((int(group_of.max()) + 1, counts.shape[1]))
    np.add.at(sums, group_of, counts)
    shares: Floats = sums / np.maximum(sums.sum(axis=0), 1)
    return shares


def _ranges(group_of: Index, labels: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Each group's lowest and highest label of each task, (G, W) each; infinite where it has none."""
    labelled = np.isfinite(labels)
    low = np.full((int(group_of.max()) + 1, labels.shape[1]), np.inf)
    high = -low
    np.minimum.at(low, group_of, np.where(labelled, labels, np.inf))
    np.maximum.at(high, group_of, np.where(labelled, labels, -np.inf))
    return low, high


def _lacking(low: Floats, high: Floats) -> Index:
    """Labels that are missing to two different ones, summed over tasks: (…, W) -> (…,)."""
    lacking: Index = np.where(low > high, 2, np.where(low == high, 1, 0)).sum(axis=-1)
    return lacking


def _without_each(values: Floats, fold: Index, num_folds: int) -> Floats:
    """The lowest value of each group's fold without that group: (G, W) -> (G, W)."""
    rest = np.full_like(values, np.inf)
    for number in range(num_folds):
        members = np.flatnonzero(fold == number)
        if len(members) > 1:
            first, second = np.partition(values[members], 1, axis=0)[:2]
            # Where two groups share the lowest value, the second one is it too.
            rest[members] = np.where(values[members] == first, second, first)
    return rest
