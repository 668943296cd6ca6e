"""Finds samples and groups that are in more than one split.

A sample is described by every column's mean and standard deviation over its frames, standardised over
all samples. Two samples are near duplicates if their descriptions are close in every stream: for
example re-encoded, slightly rescaled, or rounded to half precision.

Shapes: N samples of all splits, C descriptors of a sample in a stream.
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
"""Distance below which two samples are near duplicates: the root-mean-square difference of their
descriptions, in standard deviations, in the stream that differs most. Unrelated samples have about 1.4."""
MAX_PAIRS: Final = 50
"""Near duplicates in a report."""
_MIN_DESCRIPTORS: Final = 4


def find_overlap(splits: Mapping[str, RawSplit], tallies: Sequence[Tally]) -> Overlap:
    """Finds groups, duplicates and near duplicates in two or more splits.

    Args:
        splits: The raw splits.
        tallies: Tallies of every stream in every split.
    """
    homes: dict[str, dict[str, None]] = {}
    for name, split in splits.items():
        for group in named_groups(split):
            homes.setdefault(group, {})[name] = None
    places: dict[bytes, list[str]] = {}
    for name, split in splits.items():
        for index in range(len(split)):
            places.setdefault(_digest(split, index), []).append(f"{name} {index}")
    repeated = [same for same in places.values() if len(same) > 1]
    exact = [same for same in repeated if len({p.partition(" ")[0] for p in same}) > 1]
    near, usual = _near(splits, tallies, {place for same in exact for place in same})
    return Overlap(
        shared_groups=tuple((g, tuple(names)) for g, names in homes.items() if len(names) > 1),
        groups=len(homes),
        exact=tuple(tuple(same) for same in exact),
        near=tuple(near),
        usual=usual,
        repeated=len(repeated) - len(exact),
    )


def _digest(split: RawSplit, index: int) -> bytes:
    """A hash of all values of a sample."""
    digest = hashlib.blake2b(digest_size=16)
    for samples in split.features.values():
        sample = samples[index]
        # An absent stream is marked, so that it cannot be confused with the end of the previous one.
        digest.update(b"absent" if sample is None else str(sample.shape).encode())
        if sample is not None:
            digest.update(np.ascontiguousarray(sample).data)
    return digest.digest()


def _near(
    splits: Mapping[str, RawSplit], tallies: Sequence[Tally], exact: set[str]
) -> tuple[list[tuple[str, str, float]], float]:
    """Pairs of near duplicates with their distances, and the usual distance to the nearest sample.

    Args:
        splits: The raw splits.
        tallies: Tallies of every stream in every split.
        exact: Places of exact duplicates, whose pairs are left out.
    """
    described = _described(splits, tallies)
    if not described:
        return [], float("nan")
    names = [f"{name} {i}" for name, split in splits.items() for i in range(len(split))]
    homes = np.repeat(np.arange(len(splits)), [len(split) for split in splits.values()])
    norms = [np.einsum("nc,nc->n", part, part, dtype=np.float64) for part, _ in described]
    pairs: list[tuple[str, str, float]] = []
    nearest: list[float] = []
    for row in np.flatnonzero(homes > 0):
        # Compared with all samples of earlier splits, so that every pair of splits comes once.
        before = int(np.searchsorted(homes, homes[row]))
        squared, compared = np.zeros(before), np.zeros(before, np.bool_)
        for (part, present), norm in zip(described, norms, strict=True):
            dots = part[:before] @ part[row]
            in_stream = np.maximum(norm[:before] + norm[row] - 2.0 * dots, 0) / part.shape[1]
            # A stream that both lack is ignored; samples of which only one has it are different.
            in_stream = np.where(present[:before] == present[row], in_stream, np.inf)
            compared |= present[:before] & present[row]
            np.maximum(squared, in_stream, out=squared)
        distance = np.where(compared, np.sqrt(squared), np.inf)
        nearest.append(float(distance[: len(splits[next(iter(splits))])].min()))
        pairs += [
            (names[other], names[row], float(distance[other]))
            for other in np.flatnonzero(distance < NEAR)
            if not (names[other] in exact and names[row] in exact)
        ]
    pairs.sort(key=lambda pair: pair[2])
    finite = [distance for distance in nearest if distance < np.inf]
    usual = float(np.median(finite)) if finite else float("nan")
    return pairs[:MAX_PAIRS], usual


def _described(
    splits: Mapping[str, RawSplit], tallies: Sequence[Tally]
) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]]:
    """Descriptions of all samples, split after split.

    Returns:
        For each stream (N, C), 0 where a sample has no value, and (N,), True where it has the stream.
    """
    described = []
    for stream in dict.fromkeys(t.stream for t in tallies):
        by_split = {t.split: t for t in tallies if t.stream == stream}
        parts: list[npt.NDArray[np.float32]] = []
        for column in ("means", "spreads") if stream.temporal else ("means",):
            values = np.concatenate([getattr(by_split[name], column) for name in splits])
            with warnings.catch_warnings(), np.errstate(invalid="ignore", over="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)  # columns of NaN alone
                values = values - np.nanmean(values, axis=0)
                spread = np.nanstd(values, axis=0)
                values = values[:, spread > 0] / spread[spread > 0]
            values = np.clip(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0), -10, 10)
            parts.append(values.astype(np.float32))
        present = np.concatenate([by_split[name].present for name in splits])
        described.append((np.concatenate(parts, axis=1), present))
    # One or two values of a clip may be close by chance, so narrow streams count only if there are
    # no others.
    wide = [(part, present) for part, present in described if part.shape[1] >= _MIN_DESCRIPTORS]
    return wide or [(part, present) for part, present in described if part.shape[1]]
