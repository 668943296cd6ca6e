"""How far the winner's scores are from the truth, in searches among equally good configurations."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.honesty.world import (
    MISSING_SHARE,
    NUM_SEEDS,
    NUM_TEST,
    NUM_TRAIN,
    NUM_VAL,
    Array,
    Groups,
    World,
    grouped,
    groups_of,
    seed_variance,
)
from search.confirmation.choice import choose, optimism
from search.confirmation.race import Run, race
from search.pruners.paired_error import clusters_of, per_cluster_losses

_TRIALS: Final = 200
_CANDIDATES: Final = 3
_FOLDS: Final = 3
_ROUNDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class WinnersCurse:
    """Mean distance of the winner's scores from the truth, each with its standard error."""

    shared: str
    """How much of a configuration's own error stays the same from seed to seed."""
    search: tuple[float, float]
    confirmed: tuple[float, float]
    corrected: tuple[float, float]
    """Of the confirmed score less its estimated luck as the highest of three."""
    test: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Split:
    """Some of a study's clips, on which runs are scored."""

    rows: npt.NDArray[np.intp]
    clusters: npt.NDArray[np.intp]
    fold: int = 0

    @classmethod
    def of(cls, rows: npt.NDArray[np.intp], fold: int = 0) -> "_Split":
        """The split of these rows, grouped as the study's clips are."""
        names = [str(group) for group in groups_of(int(rows.max()) + 1)[rows]]
        return cls(rows, clusters_of(names), fold)


_VAL: Final = _Split.of(np.arange(NUM_TRAIN, NUM_TRAIN + NUM_VAL))
_TEST: Final = _Split.of(np.arange(NUM_TEST))


class _EqualStudy:
    """A study of equally good configurations."""

    def __init__(self, rng: np.random.Generator, world: World, lasting: float) -> None:
        self.rng, self.world, self.lasting = rng, world, lasting
        self.groups = groups_of(NUM_TRAIN + NUM_VAL)
        self.truth = self._grouped(self.groups)
        missing = rng.random(self.truth.shape) < MISSING_SHARE
        self.targets = np.where(missing, np.nan, self.truth)
        self.common = self._grouped(self.groups)
        self.particular: dict[int, Array] = {}

    def scores(self, config: int, rows: npt.NDArray[np.intp]) -> Array:
        """What a fresh run of a configuration predicts for some clips, (tasks, clips)."""
        world, rng = self.world, self.rng
        # Half of the shared error is common to all configurations, half is particular to one: of that
        # a part stays when the seed changes, and the rest is drawn anew.
        if config not in self.particular:
            self.particular[config] = self._grouped(self.groups)
        truth, groups = self.truth[:, rows], self.groups[rows]
        fresh = self._grouped(groups)
        lasting = self.particular[config][:, rows]
        particular = np.sqrt(self.lasting) * lasting + np.sqrt(1 - self.lasting) * fresh
        # One size for both tasks: a run is lucky in both, or in neither.
        size = seed_variance(rng, world)
        noise = np.sqrt(size) * self._grouped(groups)
        error = np.sqrt(world.shared / 2) * (self.common[:, rows] + particular)
        return np.asarray(truth + error + noise)

    def _grouped(self, groups: Groups) -> Array:
        """Standard normal values of both tasks, (2, clips)."""
        return grouped(self.rng, (2,), groups, self.world.within_group)

    def run(self, config: int, split: _Split) -> Run:
        """A run's score, the mean of two tasks' R², and its losses by group."""
        scores, targets = self.scores(config, split.rows).T, self.targets[:, split.rows].T
        losses = per_cluster_losses(scores, targets, split.clusters, (0.5, 0.5))
        return Run(fold=split.fold, score=1 - sum(losses), losses=losses)


def winners_curse(world: World, lasting: float, studies: int, seed: int) -> WinnersCurse:
    """Searches among equals, confirms the winners, and evaluates the choice on test.

    Args:
        world: The errors.
        lasting: Share of a configuration's own error that stays from seed to seed, in [0, 1].
        studies: To simulate.
        seed: Of all of it.
    """
    rng = np.random.default_rng(seed)
    gaps: dict[str, list[float]] = {"search": [], "confirmed": [], "corrected": [], "test": []}
    for _ in range(studies):
        study = _EqualStudy(rng, world, lasting)
        search = [study.run(config, _VAL).score for config in range(_TRIALS)]
        choice, confirmed, luck = _confirm(study, search)
        fresh = _EqualStudy(rng, world, lasting)
        tests = [fresh.run(choice, _TEST).score for _ in range(NUM_SEEDS)]
        gaps["search"].append(search[choice] - world.r2)
        gaps["confirmed"].append(confirmed - world.r2)
        gaps["corrected"].append(confirmed - luck - world.r2)
        gaps["test"].append(float(np.mean(tests)) - world.r2)
    errors = {
        name: (float(np.mean(values)), float(np.std(values) / np.sqrt(studies)))
        for name, values in gaps.items()
    }
    return WinnersCurse(shared=f"{lasting:.0%}", **errors)


def _confirm(study: _EqualStudy, search: list[float]) -> tuple[int, float, float]:
    """The configuration that the confirmation chooses, its confirmed score, and the luck in it."""
    best = [int(config) for config in np.argsort(search)[::-1][:_CANDIDATES]]
    fold_of = study.rng.permutation(study.groups.max() + 1)[study.groups] % _FOLDS
    folds = [_Split.of(np.flatnonzero(fold_of == fold), fold) for fold in range(_FOLDS)]
    runs = {
        config: [study.run(config, fold) for _ in range(_ROUNDS) for fold in folds]
        for config in best
    }
    # Size has nothing to do with quality here, so any order of sizes will do.
    sizes = dict(zip(best, study.rng.permutation(_CANDIDATES).tolist(), strict=True))
    standings = race(sizes, runs, num_folds=_FOLDS).standings
    choice = choose(standings, _FOLDS)
    assert choice is not None, "nothing diverges here"
    confirmed = next(s.mean for s in standings if s.key == choice.key)
    return choice.key, confirmed, optimism(standings, _FOLDS)
