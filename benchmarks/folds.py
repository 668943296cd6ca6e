"""How alike are the confirmation's folds, beside scikit-learn's?

Cuts train + val of a data set into three folds with each of many seeds, and prints how far the folds are from equal
shares of the clips and of each task's labels.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.cli import CommandParser, integer
from avq_core.config.data import DataConfig
from avq_core.data.store.balanced_folds import make_folds
from avq_core.data.store.store import prepare
from avq_core.display.tables import text_table
from avq_core.run_command import run_command

_NUM_FOLDS: Final = 3
_UNEVEN: Final = "uneven"

Groups = Sequence[str]
Labels = npt.NDArray[np.float32]
Cutter = Callable[[Groups, Labels, int], list[npt.NDArray[np.int64]]]
"""From groups, labels and a seed to the val side of each fold."""


def ours(groups: Groups, labels: Labels, seed: int) -> list[npt.NDArray[np.int64]]:
    """The confirmation's folds, with all tasks watched."""
    watched = range(labels.shape[1])
    return [fold.val for fold in make_folds(groups, labels, _NUM_FOLDS, seed, watched=watched)]


def group_k_fold(groups: Groups, labels: Labels, seed: int) -> list[npt.NDArray[np.int64]]:
    """`GroupKFold(shuffle=True)`, which deals out groups without a look at their size."""
    from sklearn.model_selection import GroupKFold

    splitter = GroupKFold(_NUM_FOLDS, shuffle=True, random_state=seed)
    return [val for _, val in splitter.split(labels, groups=np.asarray(groups))]


def stratified(groups: Groups, labels: Labels, seed: int) -> list[npt.NDArray[np.int64]]:
    """`StratifiedGroupKFold`, whose classes are the patterns of missing labels."""
    from sklearn.model_selection import StratifiedGroupKFold

    patterns = np.isfinite(labels) @ (1 << np.arange(labels.shape[1]))
    splitter = StratifiedGroupKFold(_NUM_FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of patterns that fewer clips than folds have
        return [val for _, val in splitter.split(labels, patterns, np.asarray(groups))]


CUTTERS: Final[Mapping[str, Cutter]] = {
    "GroupKFold": group_k_fold,
    "StratifiedGroupKFold": stratified,
    "ours": ours,
}


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(prog="python -m benchmarks.folds", description=__doc__)
    add = parser.add_argument
    add(
        "data",
        nargs="+",
        metavar="PATH|demo|uneven",
        help="data sets; `uneven`: 502 clips of 60 groups, of sizes as 1/rank, a third of the labels missing",
    )
    add("--seeds", type=integer(1), default=20, metavar="N", help="default: %(default)s")
    return parser


def main(argv: Sequence[str]) -> int:
    """Cuts and prints one row for each data set and way to cut."""
    options = build_parser().parse_args(argv)
    head = [
        "data",
        "folds by",
        "clips: worst fold",
        "largest deviation of clips",
        "of labels",
        "seconds",
    ]
    rows = [
        [Path(name).stem, way, *measure(cutter, *load(name), seeds=options.seeds)]
        for name in options.data
        for way, cutter in CUTTERS.items()
    ]
    print(text_table([head, *rows]))
    return 0


def measure(cutter: Cutter, groups: Groups, labels: Labels, *, seeds: int) -> list[str]:
    """The fold sizes of the worst seed, the mean and largest deviations over seeds, seconds of a cut."""
    sizes, clips, of_labels = [], [], []
    start = time.perf_counter()
    cuts = [cutter(groups, labels, seed) for seed in range(seeds)]
    seconds = (time.perf_counter() - start) / seeds
    for sides in cuts:
        counts = np.array([[len(side), *np.isfinite(labels[side]).sum(axis=0)] for side in sides])
        deviation = np.abs(counts / counts.mean(axis=0) - 1).max(axis=0)
        sizes.append(" / ".join(map(str, sorted(counts[:, 0].tolist()))))
        clips.append(float(deviation[0]))
        of_labels.append(float(deviation[1:].max()))
    worst = sizes[int(np.argmax(clips))]
    return [
        worst,
        *(f"{np.mean(d):.1%}, at most {max(d):.1%}" for d in (clips, of_labels)),
        f"{seconds:.3f}",
    ]


def load(name: str) -> tuple[Groups, Labels]:
    """Groups and labels of train + val."""
    if name == _UNEVEN:
        rng = np.random.default_rng(0)
        sizes = 1 / np.arange(1, 61)
        chosen = rng.choice(60, size=502, p=sizes / sizes.sum())
        labels = rng.random((502, 5), dtype=np.float32)
        labels[rng.random(labels.shape) < 1 / 3] = np.nan
        return [f"g{group}" for group in chosen], labels
    with tempfile.TemporaryDirectory() as folder:
        splits = prepare(
            name, DataConfig(), root=Path(folder), on_note=lambda _line: None
        ).search_splits()
        groups = splits.train.groups + splits.val.groups
        return groups, np.concatenate([splits.train.targets, splits.val.targets])


if __name__ == "__main__":
    sys.exit(run_command(main))
