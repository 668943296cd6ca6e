"""Folds keep groups whole, are alike, and can be judged on every watched task."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from avq_core.data.store.balanced_folds import Fold, even_folds, make_folds
from avq_core.errors import DataError

Labels = npt.NDArray[np.float64]


def draw(
    sizes: Sequence[int], seed: int, *, missing: float = 0.28
) -> tuple[tuple[str, ...], Labels]:
    """Clips of groups of these sizes, in random order, with labels of five tasks."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat([f"g{i}" for i in range(len(sizes))], sizes))
    labels = rng.random((len(groups), 5))
    labels[rng.random(labels.shape) < missing] = np.nan
    return tuple(groups.tolist()), labels


def judged(labels: Labels, side: npt.NDArray[np.int64], task: int) -> bool:
    """Whether a side holds two different labels of a task."""
    column = labels[side, task]
    return len(set(column[np.isfinite(column)])) > 1


def check(folds: Sequence[Fold], groups: Sequence[str]) -> None:
    """Every clip is on one val side, and no group on both sides of a fold."""
    assert sorted(np.concatenate([fold.val for fold in folds])) == list(range(len(groups)))
    for fold in folds:
        assert sorted([*fold.train, *fold.val]) == list(range(len(groups)))
        assert not {groups[i] for i in fold.train} & {groups[i] for i in fold.val}


@settings(max_examples=examples(40))
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=30), st.integers(2, 4), st.integers(0, 999)
)
def test_folds_cover_every_clip_once_and_share_no_group(
    sizes: list[int], num_folds: int, seed: int
) -> None:
    """Whatever the groups; the same seed gives the same folds."""
    groups, labels = draw(sizes, seed)
    folds = make_folds(groups, labels, num_folds, seed)
    check(folds, groups)
    assert len(folds) == min(num_folds, len(sizes))
    again = make_folds(groups, labels, num_folds, seed)
    assert [fold.key for fold in again] == [fold.key for fold in folds]


@settings(max_examples=examples(20))
@given(st.integers(0, 999))
def test_folds_of_uneven_groups_are_of_one_size_in_clips_and_labels(seed: int) -> None:
    """Sizes as 1/rank, as recordings of speakers are: clips within 5 %, labels within 10 %."""
    sizes = [max(1, round(80 / rank)) for rank in range(1, 60)]
    groups, labels = draw(sizes, seed)
    folds = make_folds(groups, labels, 3, seed, watched=(3, 4))
    check(folds, groups)
    counts = np.array([[len(f.val), *np.isfinite(labels[f.val]).sum(axis=0)] for f in folds])
    deviation = np.abs(counts / counts.mean(axis=0) - 1).max(axis=0)
    assert deviation[0] < 0.05
    assert deviation[1:].max() < 0.1
    assert even_folds(folds) == pytest.approx(3, abs=0.01)


def test_seeds_vary_the_folds() -> None:
    """The confirmation of another study is on other folds."""
    groups, labels = draw([5] * 30, 0)
    keys = {make_folds(groups, labels, 3, seed)[0].key for seed in range(5)}
    assert len(keys) == 5


def can_be_cut(groups: Sequence[str], labels: Labels, num_folds: int, watched: tuple[int]) -> bool:
    """Tries every way to deal the groups out."""
    names = sorted(set(groups))
    rows = [np.flatnonzero(np.asarray(groups) == name) for name in names]
    return any(
        all(
            any(f == fold for f in dealt)
            and all(
                judged(
                    labels,
                    np.concatenate([r for r, f in zip(rows, dealt, strict=True) if f == fold]),
                    task,
                )
                for task in watched
            )
            for fold in range(num_folds)
        )
        for dealt in itertools.product(range(num_folds), repeat=len(names))
    )


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=6), st.integers(0, 10**6))
def test_every_side_can_be_judged_wherever_the_data_allows_it(sizes: list[int], seed: int) -> None:
    """Against all ways to cut: as many folds as can be, each with two different watched labels."""
    groups, labels = draw(sizes, seed, missing=0.5)
    labels = np.round(labels * 2)  # few different values
    watched = (3, 4)
    most = next(
        (k for k in (3, 2) if k <= len(sizes) and can_be_cut(groups, labels, k, watched)), None
    )
    if most is None:
        with pytest.raises(DataError, match="cannot be cut into two folds"):
            make_folds(groups, labels, 3, seed, watched=watched)
        return
    folds = make_folds(groups, labels, 3, seed, watched=watched)
    check(folds, groups)
    assert len(folds) == most
    for fold, task in itertools.product(folds, watched):
        assert judged(labels, fold.val, task)
        assert judged(labels, fold.train, task)


def test_a_rare_task_is_in_every_fold() -> None:
    """Six labels in 60 groups, each once; by chance three folds would all hold two once in nine times."""
    groups, labels = draw([4] * 60, 1)
    labels[:, 3] = np.nan
    rare = [groups.index(f"g{i}") for i in range(6)]
    labels[rare, 3] = range(6)
    for seed in range(10):
        folds = make_folds(groups, labels, 3, seed, watched=(3,))
        assert [int(np.isfinite(labels[f.val, 3]).sum()) for f in folds] == [2, 2, 2]


def test_few_groups_give_few_folds_and_a_single_group_is_cut_by_clip() -> None:
    """Two speakers give two folds; a single speaker, or nobody named, gives all three."""
    labels = np.arange(9.0)[:, None]
    assert len(make_folds(("a",) * 8 + ("b",), labels, 3, 0)) == 2
    for groups in (("a",) * 9, tuple(map(str, range(9)))):
        folds = make_folds(groups, labels, 3, 0, watched=(0,))
        assert [len(fold.val) for fold in folds] == [3, 3, 3]


def test_a_giant_group_is_one_fold_and_the_others_share_the_rest() -> None:
    """It cannot be cut; what is known of the runs is then less than three even folds would tell."""
    groups, labels = draw([80] + [2] * 10, 0)
    folds = make_folds(groups, labels, 3, 0)
    check(folds, groups)
    assert sorted(len(fold.val) for fold in folds) == [10, 10, 80]
    assert even_folds(folds) == pytest.approx(1 + 1 / ((4 + 1 / 9 + 1 / 9) / 3))


@pytest.mark.parametrize("clips", [0, 1])
def test_no_folds_of_one_clip(clips: int) -> None:
    """The message counts clips and groups."""
    with pytest.raises(DataError, match=rf"have {clips} clip\(s\) in {clips} group\(s\), which"):
        make_folds(("a",) * clips, np.ones((clips, 1)), 3, 0)
