"""Samples and groups that stand in more than one split.

A sample is described by every column's mean and deviation over its frames, standardised over all
samples. Two samples are near duplicates where these descriptions differ by little in every stream:
re-encoded, rescaled by a hair, rounded to half precision.

Shapes: N samples, C numbers that describe one.
"""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.audit.report import Overlap
from avq_core.audit.tally import Tally
from avq_core.data.dataset import RawSplit, named_groups

SAME: Final = 0.01
"""Below this two samples are the same one, computed twice: copies with noise of a thousandth, or in
half precision, are 0.001 apart, and real clips of one recording that was sent through a network with
and without losses 0.014 and more (docs/experiments/010)."""
NEAR: Final = 0.1
"""Root-mean-square difference of two descriptions, in deviations, in the stream that differs most;
two samples that have nothing to do with each other differ by about 1.4."""
MOST_SHOWN: Final = 50
_FEW: Final = 4


def find_overlap(splits: Mapping[str, RawSplit], tallies: Sequence[Tally]) -> Overlap:
    """Looks for what splits share.

    Args:
        splits: As read.
        tallies: Of every stream in every split.
    """
    homes: dict[str, dict[str, None]] = {}
    for name, split in splits.items():
        for group in named_groups(split):
            homes.setdefault(group, {})[name] = None
    places: dict[bytes, list[str]] = {}
    for name, split in splits.items():
        for index in range(len(split)):
            places.setdefault(_digest(split, index), []).append(f"{name} {index}")
    repeated = [found for found in places.values() if len(found) > 1]
    exact = [found for found in repeated if len({p.partition(" ")[0] for p in found}) > 1]
    near, usual = _near(splits, tallies, {place for found in exact for place in found})
    return Overlap(
        shared_groups=tuple((g, tuple(names)) for g, names in homes.items() if len(names) > 1),
        groups=len(homes),
        exact=tuple(tuple(found) for found in exact),
        near=tuple(near),
        usual=usual,
        repeated=len(repeated) - len(exact),
    )


def _digest(split: RawSplit, index: int) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for samples in split.features.values():
        sample = samples[index]
        # A stream that is not there must not read like the end of the one before.
        digest.update(b"absent" if sample is None else str(sample.shape).encode())
        if sample is not None:
            digest.update(np.ascontiguousarray(sample).data)
    return digest.digest()


def _near(
    splits: Mapping[str, RawSplit], tallies: Sequence[Tally], known: set[str]
) -> tuple[list[tuple[str, str, float]], float]:
    described = _described(splits, tallies)
    if not described:
        return [], float("nan")
    names = [f"{name} {i}" for name, split in splits.items() for i in range(len(split))]
    homes = np.repeat(np.arange(len(splits)), [len(split) for split in splits.values()])
    norms = [np.einsum("nc,nc->n", part, part, dtype=np.float64) for part, _ in described]
    found: list[tuple[str, str, float]] = []
    nearest: list[float] = []
    for row in np.flatnonzero(homes > 0):
        # To all samples of earlier splits, so that every pair of splits is looked at once.
        before = int(np.searchsorted(homes, homes[row]))
        squared, compared = np.zeros(before), np.zeros(before, np.bool_)
        for (part, there), norm in zip(described, norms, strict=True):
            dots = part[:before] @ part[row]
            own = np.maximum(norm[:before] + norm[row] - 2.0 * dots, 0) / part.shape[1]
            # A stream that both lack says nothing; one that one of them lacks tells them apart.
            own = np.where(there[:before] == there[row], own, np.inf)
            compared |= there[:before] & there[row]
            np.maximum(squared, own, out=squared)
        distance = np.where(compared, np.sqrt(squared), np.inf)
        nearest.append(float(distance[: len(splits[next(iter(splits))])].min()))
        found += [
            (names[other], names[row], float(distance[other]))
            for other in np.flatnonzero(distance < NEAR)
            if not (names[other] in known and names[row] in known)
        ]
    found.sort(key=lambda pair: pair[2])
    known_distances = [distance for distance in nearest if distance < np.inf]
    usual = float(np.median(known_distances)) if known_distances else float("nan")
    return found[:MOST_SHOWN], usual


def _described(
    splits: Mapping[str, RawSplit], tallies: Sequence[Tally]
) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]]:
    """Of each stream (N, C), 0 where a sample has no value, and (N,) whether it has the stream.

    N counts through all splits one after another.
    """
    described = []
    for stream in dict.fromkeys(t.stream for t in tallies):
        own = {t.split: t for t in tallies if t.stream == stream}
        parts: list[npt.NDArray[np.float32]] = []
        for column in ("means", "spreads") if stream.temporal else ("means",):
            values = np.concatenate([getattr(own[name], column) for name in splits])
            with warnings.catch_warnings(), np.errstate(invalid="ignore", over="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)  # columns of NaN alone
                values = values - np.nanmean(values, axis=0)
                spread = np.nanstd(values, axis=0)
                values = values[:, spread > 0] / spread[spread > 0]
            values = np.clip(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0), -10, 10)
            parts.append(values.astype(np.float32))
        there = np.concatenate([own[name].present for name in splits])
        described.append((np.concatenate(parts, axis=1), there))
    # A figure or two of a clip are alike by chance, or unlike for a trifle: they decide only where
    # there is nothing else.
    wide = [(part, there) for part, there in described if part.shape[1] >= _FEW]
    return wide or [(part, there) for part, there in described if part.shape[1]]
