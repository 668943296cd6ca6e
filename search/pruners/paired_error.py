"""How sure a difference of two trials' scores is, from the same validation clips.

Shapes: N clips, K tasks, G groups of clips.
"""

import math
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_MOST_GROUPS: Final = 256
"""Beyond these, groups share a place: a study must not store a number for each of ten thousand clips."""
_LEAST_GROUPS: Final = 8
"""Below these a standard error over groups says nothing, and clips are taken as they are."""
_DIGITS: Final = 5


def clusters_of(groups: Sequence[str]) -> npt.NDArray[np.intp]:
    """The cluster of each of N clips, from 0: its group, since windows of one clip err alike."""
    names, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < _LEAST_GROUPS:
        codes = np.arange(len(groups))
        names = codes.astype(str)
    if len(names) > _MOST_GROUPS:
        places = [zlib.crc32(str(name).encode()) % _MOST_GROUPS for name in names]
        codes = np.asarray(places)[codes]
    return np.asarray(codes, dtype=np.intp)


def losses_by_cluster(
    scores: npt.NDArray[np.floating],
    targets: npt.NDArray[np.floating],
    clusters: npt.NDArray[np.intp],
    weights: Sequence[float],
) -> list[float]:
    """Per-cluster losses of a score of `sum over k of w_k R²_k`.

    R² is `1 - sum e² / SST`, so a score is `sum of w` less a sum over clips, and a difference of
    two scores is a sum of differences: what `paired_error` needs, in one number a cluster.

    Args:
        scores: (N, K).
        targets: (N, K), NaN where missing.
        clusters: (N,), as `clusters_of` gives them.
        weights: K weights; a task of weight 0 does not count.

    Returns:
        A loss a cluster, to five significant digits; NaN throughout where R² is not defined.
    """
    lost = np.zeros(len(targets))
    for k, weight in enumerate(weights):
        if weight == 0:
            continue
        known = np.isfinite(targets[:, k])
        truth = targets[known, k].astype(np.float64)
        spread = np.square(truth - truth.mean()).sum() if len(truth) else 0.0
        error = np.square(truth - scores[known, k].astype(np.float64))
        lost[known] += weight * error / spread if spread > 0 else math.nan
    summed = np.bincount(clusters, weights=lost)
    return [float(f"{loss:.{_DIGITS}g}") for loss in summed]


def paired_error(first: Sequence[float] | None, second: Sequence[float] | None) -> float:
    """The standard error of the difference of two scores, from their losses by cluster.

    The labels' own spread (SST) is taken as known; the clusters as drawn at random.

    Returns:
        NaN where either is not known, or they are not of the same clips.
    """
    if first is None or second is None or len(first) != len(second) or len(first) < 2:
        return math.nan
    gaps = np.subtract(first, second)
    return float(np.sqrt(len(gaps)) * gaps.std(ddof=1))
