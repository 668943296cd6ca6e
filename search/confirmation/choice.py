"""Chooses among the candidates that are left at the end of a race, and says how lucky it is. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search.confirmation.race import MIN_SEED_STD, Standing, gap
from studies.score import PRACTICAL_DIFFERENCE

DoubleArray = npt.NDArray[np.float64]

_DRAWS: Final = 2_000
_SEED: Final = 0
"""Seed of the draws, fixed so that the same runs always give the same numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The chosen candidate, and why."""

    key: int
    best: int
    """The candidate of the highest mean; it may be the chosen one itself."""
    reason: str


def choose(standings: Sequence[Standing], num_folds: float) -> Choice | None:
    """The highest mean; of those within `PRACTICAL_DIFFERENCE` of it the one with the fewest weights.

    Dropped candidates are left out; `None` where no other has a score.
    """
    remaining = _remaining(standings)
    if not remaining:
        return None
    best, *others = sorted(remaining, key=lambda s: (-s.mean, s.parameters))
    close = [s for s in remaining if best.mean - s.mean <= PRACTICAL_DIFFERENCE]
    chosen = min(close, key=lambda s: (s.parameters, -s.mean))
    if chosen is not best:
        reason = (
            f"the simplest ({chosen.parameters:,} weights) of the {len(close)} whose confirmed scores "
            f"differ by at most {PRACTICAL_DIFFERENCE}, which is of no practical size; the highest is "
            f"that of #{best.key} ({best.parameters:,} weights)."
        )
    elif not others:
        reason = "all other candidates were dropped or diverged."
    else:
        error = gap(best.runs, others[0].runs, num_folds).error
        spread = f" ± {error:.3f}" if math.isfinite(error) else ""
        lead = best.mean - others[0].mean
        reason = f"its confirmed score is the highest, {lead:.3f}{spread} above that of #{others[0].key}."
    return Choice(key=chosen.key, best=best.key, reason=f"#{chosen.key} is chosen: {reason}")


def optimism(standings: Sequence[Standing], num_folds: int) -> float:
    """How much too high the chosen one's confirmed score is expected to be, as one chosen for its score.

    A parametric bootstrap: among candidates with the means that were seen the choice is made again and
    again, with errors like those of their runs, and the mean error of who is chosen is what luck adds. The
    errors are those that the candidates do not share, since what they share changes no choice.

    Returns:
        0 where there is nothing to choose from.
    """
    remaining = _remaining(standings)
    if len(remaining) < 2:
        return 0.0
    means = np.array([standing.mean for standing in remaining])
    errors = _own_errors(remaining, num_folds)
    drawn = errors * np.random.default_rng(_SEED).standard_normal((_DRAWS, len(means)))
    chosen = _choices(means + drawn, np.array([s.parameters for s in remaining]))
    return max(0.0, float(np.mean(np.take_along_axis(drawn, chosen[:, None], axis=1))))


def _choices(means: DoubleArray, parameters: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """(draws, candidates) means to (draws,) places of the chosen, by the rule of `choose`."""
    behind = means.max(axis=1, keepdims=True) - means
    # Of equally many weights the one that is less behind; that is less than one weight.
    weights = np.where(behind <= PRACTICAL_DIFFERENCE, parameters + behind, np.inf)
    places: npt.NDArray[np.intp] = np.argmin(weights, axis=1)
    return places


def _own_errors(standings: Sequence[Standing], num_folds: int) -> DoubleArray:
    """Standard error of each candidate's mean, without what all candidates have in common.

    From the residuals of a table of candidates by folds, since seeds of one fold share its clips; at
    least what seeds are known to bring.
    """
    table = np.array(
        [
            [np.mean([r.score for r in s.runs if r.fold == fold]) for fold in range(num_folds)]
            for s in standings
        ]
    )
    residuals = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    variance = np.square(residuals).sum() / ((len(standings) - 1) * max(num_folds - 1, 1))
    by_seeds = np.array([MIN_SEED_STD**2 / len(s.runs) for s in standings])
    errors: DoubleArray = np.sqrt(np.maximum(variance / num_folds, by_seeds))
    return errors


def _remaining(standings: Sequence[Standing]) -> list[Standing]:
    return [s for s in standings if s.dropped is None and math.isfinite(s.mean)]
