"""The standard error of the difference of two scores on the same validation clips.

Shapes: N clips, K tasks, G groups of clips.
"""

import math
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_MAX_CLUSTERS: Final = 256
"""With more groups, several share a cluster: a study must not store ten thousand losses an epoch."""
_MIN_GROUPS: Final = 8
"""With fewer, a standard error over groups says nothing, and each clip is a cluster."""
_DIGITS: Final = 5


def clusters_of(groups: Sequence[str]) -> npt.NDArray[np.intp]:
    """The cluster of each of N clips, from 0: its group, since windows of one clip err alike."""
    names, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < _MIN_GROUPS:
        codes = np.arange(len(groups))
        names = codes.astype(str)
    if len(names) > _MAX_CLUSTERS:
        places = [zlib.crc32(str(name).encode()) % _MAX_CLUSTERS for name in names]
        codes = np.asarray(places)[codes]
    return np.asarray(codes, dtype=np.intp)


def per_cluster_losses(
    scores: npt.NDArray[np.floating],
    targets: npt.NDArray[np.floating],
    clusters: npt.NDArray[np.intp],
    weights: Sequence[float],
) -> list[float]:
    """The per-cluster losses of a score of `sum over k of w_k R²_k`.

    R² is `1 - sum e² / SST`, so a score is `sum of w_k` minus a sum of losses over clips, and the
    difference of two scores is a sum of differences of losses, which `paired_error` needs.

    Args:
        scores: (N, K).
        targets: (N, K), NaN where missing.
        clusters: (N,), from `clusters_of`.
        weights: K weights; a task of weight 0 does not count.

    Returns:
        One loss a cluster, to five significant digits; all NaN where R² is not defined.
    """
    losses = np.zeros(len(targets))
    for k, weight in enumerate(weights):
        if weight == 0:
            continue
        labelled = np.isfinite(targets[:, k])
        truth = targets[labelled, k].astype(np.float64)
        spread = np.square(truth - truth.mean()).sum() if len(truth) else 0.0
        error = np.square(truth - scores[labelled, k].astype(np.float64))
        losses[labelled] += weight * error / spread if spread > 0 else math.nan
    summed = np.bincount(clusters, weights=losses)
    return [float(f"{loss:.{_DIGITS}g}") for loss in summed]


def paired_error(first: Sequence[float] | None, second: Sequence[float] | None) -> float:
    """The standard error of the difference of two scores, from their per-cluster losses.

    SST is treated as fixed, the clusters as a random sample.

    Returns:
        NaN where either is missing, or they are not of the same clips.
    """
    if first is None or second is None or len(first) != len(second) or len(first) < 2:
        return math.nan
    gaps = np.subtract(first, second)
    return float(np.sqrt(len(gaps)) * gaps.std(ddof=1))
