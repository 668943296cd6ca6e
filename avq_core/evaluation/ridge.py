"""Ridge regression whose penalty is chosen on whole groups of clips that are left out.

Windows of one recording are alike: a fit that has seen one of them predicts the others well with any
small penalty, and other recordings badly. So clips are left out by group; and since there may be few
groups, by several random cuts, with no recording counting for as much as its number of windows.

Shapes: N clips, S statistics, R the smaller of both, P penalties.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import scipy.linalg

if TYPE_CHECKING:
    from sklearn.linear_model import Ridge

FloatArray = npt.NDArray[np.floating]
DoubleArray = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

PENALTIES: Final[tuple[float, ...]] = tuple(10.0 ** (k / 2) for k in range(11))
"""For standardised statistics: from 1, which is hardly any, to 10^5, which leaves little of a thousand of
them (docs/experiments/030)."""
_REPEATS: Final = 10
"""Random cuts into folds."""
_FOLDS: Final = 5
_SEED: Final = 0
"""Seed of the cuts, fixed so that the same clips always get the same penalty."""
_TINY: Final = 1e-12


def fit_ridge(features: FloatArray, target: FloatArray, groups: Sequence[str]) -> "Ridge":
    """Fits a ridge regression with an intercept, its penalty chosen by groups.

    Args:
        features: (N, S), standardised.
        target: (N,), finite.
        groups: N group names.
    """
    from sklearn.linear_model import Ridge

    return Ridge(alpha=choose_penalty(features, target, groups)).fit(features, target)


def choose_penalty(features: FloatArray, target: FloatArray, groups: Sequence[str]) -> float:
    """The one of `PENALTIES` with the least squared error over clips that were left out.

    A clip counts with one by the square root of its group's size: by clips, a few long recordings
    would decide, and by groups, the shortest would.

    Args:
        features: (N, S), standardised.
        target: (N,), finite.
        groups: N group names; of a single one, clips are left out instead.
    """
    _, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if codes.max() == 0:
        codes = np.arange(len(codes))
    weights = 1 / np.sqrt(np.bincount(codes))[codes]
    residuals = left_out_residuals(features, target, list(_cuts(codes)), PENALTIES)
    errors = np.einsum("cpn,n->p", np.square(residuals), weights)
    best = int(np.argmin(errors))
    return PENALTIES[best]


def left_out_residuals(
    features: FloatArray,
    target: FloatArray,
    cuts: Sequence[Sequence[Index]],
    penalties: Sequence[float],
) -> DoubleArray:
    """Residuals of clips under fits that were made without them, from one decomposition.

    With `I - H` the matrix that takes the target to the residuals of a fit to all clips, a fit without
    the clips `b` leaves them with `(I - H)_bb⁻¹ ((I - H) y)_b` (Cook & Weisberg, 1982, section 2.2).

    Args:
        features: (N, S).
        target: (N,).
        cuts: Each a partition of the N clips into sides that are left out in turn; C in all.
        penalties: P values, > 0.

    Returns:
        (C, P, N).
    """
    vectors, squares = _left_vectors(features)
    residuals = np.empty((len(cuts), len(penalties), len(target)))
    for place, penalty in enumerate(penalties):
        # H is F Fᵀ. The intercept is not penalised: its part of H is 1/N everywhere.
        intercept = np.full((len(target), 1), 1 / np.sqrt(len(target)))
        factor = np.hstack([vectors * np.sqrt(squares / (squares + penalty)), intercept])
        whole = target - factor @ (factor.T @ target)
        for cut, sides in enumerate(cuts):
            for side in sides:
                residuals[cut, place, side] = _left_out(factor[side], whole[side])
    return residuals


def _left_out(factor: DoubleArray, residuals: DoubleArray) -> DoubleArray:
    """`(I - F Fᵀ)⁻¹ e` of some clips, solved in the smaller of both dimensions."""
    if factor.shape[0] <= factor.shape[1]:
        rest = np.eye(len(factor)) - factor @ factor.T
        solved: DoubleArray = scipy.linalg.solve(rest, residuals, assume_a="pos")
        return solved
    rest = np.eye(factor.shape[1]) - factor.T @ factor
    inner = scipy.linalg.solve(rest, factor.T @ residuals, assume_a="pos")
    return np.asarray(residuals + factor @ inner)


def _left_vectors(features: FloatArray) -> tuple[DoubleArray, DoubleArray]:
    """Left singular vectors (N, R) of the centred features, and their squared singular values (R,)."""
    centred = features.astype(np.float64)
    centred -= centred.mean(axis=0)
    if centred.shape[0] <= centred.shape[1]:
        squares, vectors = scipy.linalg.eigh(centred @ centred.T)
        return vectors, np.maximum(squares, 0)
    squares, right = scipy.linalg.eigh(centred.T @ centred)
    kept = squares > _TINY * max(squares[-1], _TINY)
    return centred @ right[:, kept] / np.sqrt(squares[kept]), squares[kept]


def _cuts(codes: Index) -> Iterator[list[Index]]:
    """Random cuts into folds of whole groups, from the group of each clip."""
    num_groups = int(codes.max()) + 1
    num_folds = min(_FOLDS, num_groups)
    rng = np.random.default_rng(_SEED)
    for _ in range(_REPEATS):
        fold_of = rng.permutation(num_groups) % num_folds
        yield [np.flatnonzero(fold_of[codes] == fold) for fold in range(num_folds)]
