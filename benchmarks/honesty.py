"""Are the figures that a study ends with right? Simulated studies, whose truth is known.

    python -m benchmarks.honesty --studies 500 --json honesty.json

- Coverage: how often the 95 % intervals of test R², of its difference and of the correlations hold the
  truth, in simulated studies of 410 test clips, 28 % of the labels missing, five runs of each model.
- The winner's curse: 200 configurations that are all equally good. How far the search's figure of the
  winner, the confirmed one and that of the test split are from the truth, in the mean.

The clips, the errors of models on them and the luck of seeds are made up; intervals, race and choice are
the code that a real study runs (avq_core.evaluation.intervals, search.confirmation.race).
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.cli import CommandParser, run_command
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.evaluation import intervals
from avq_core.evaluation.intervals import Draws, Interval
from avq_core.files import check_place, whole_file
from search.confirmation.race import Run, choose, race
from search.pruners.paired_error import clusters_of, losses_by_cluster

Array = npt.NDArray[np.float64]

_TEST, _VAL, _TRAIN = 410, 239, 953
_MISSING: Final = 0.28
_SEEDS: Final = 5
_TRIALS, _BEST, _FOLDS, _ROUNDS = 200, 3, 3, 2
_PER_GROUP: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What models get wrong: variances of error, the labels' own being 1.

    A model's error on a clip is a part that all its runs share, which belongs to the configuration, and
    a part that the seed brings; R² is one minus their sum.
    """

    name: str
    shared: float
    by_seed: float
    uneven: float = 0.3
    """Deviation of the seed's part from run to run, relative to its size."""
    within_group: float = 0.5
    """Correlation of labels and of errors inside a group of four clips, in [0, 1)."""

    @property
    def r2(self) -> float:
        """Of the population, in the mean over seeds."""
        return 1 - self.shared - self.by_seed


WORLDS: Final = (
    World(name="poor", shared=0.95, by_seed=0.05),
    World(name="middling", shared=0.4, by_seed=0.1),
    World(name="good", shared=0.15, by_seed=0.05),
    World(name="luck of seeds", shared=0.1, by_seed=0.3, uneven=0.6),
    World(name="clips alone", shared=0.4, by_seed=0.1, within_group=0.0),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How often an interval of a world held the truth."""

    world: str
    figure: str
    truth: float
    mean: float
    """Of the figure over studies."""
    held: float
    """Share of the studies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curse:
    """Mean distance of the winner's figures from the truth, with its standard error."""

    shared: str
    """How much of what is particular to a configuration stays from seed to seed."""
    search: tuple[float, float]
    confirmed: tuple[float, float]
    test: tuple[float, float]


def grouped(rng: np.random.Generator, shape: Sequence[int], within: float) -> Array:
    """Standard normal figures whose last axis is clips, alike inside groups of four."""
    *front, clips = shape
    groups = rng.standard_normal((*front, math.ceil(clips / _PER_GROUP)))
    whole = np.repeat(groups, _PER_GROUP, axis=-1)[..., :clips]
    return np.sqrt(within) * whole + np.sqrt(1 - within) * rng.standard_normal((*front, clips))


def _group_names(clips: int) -> list[str]:
    return [str(clip // _PER_GROUP) for clip in range(clips)]


def _runs(rng: np.random.Generator, world: World, truth: Array, shared: Array) -> list[Array]:
    """What five runs of a model say of each clip."""
    found = []
    for _ in range(_SEEDS):
        size = world.by_seed * max(0.0, 1 + world.uneven * rng.standard_normal())
        luck = np.sqrt(size) * grouped(rng, truth.shape, world.within_group)
        found.append(truth + np.sqrt(world.shared) * shared + luck)
    return found


def coverage(world: World, studies: int, seed: int) -> list[Coverage]:
    """Simulates the opening of test again and again.

    Two models: one as the world has it, and another whose shared error is half the first one's and half
    its own, so that they are equally good and err alike.
    """
    rng = np.random.default_rng(seed)
    # The seed's part is cut at 0, which moves the truth a little where it is very uneven.
    sizes = np.maximum(0.0, 1 + world.uneven * rng.standard_normal(1_000_000))
    r2 = 1 - world.shared - world.by_seed * float(sizes.mean())
    correlation = _correlation(world, rng)
    ends: dict[str, list[Interval]] = {"R²": [], "difference of R²": [], "Pearson": []}
    for _ in range(studies):
        truth = grouped(rng, (_TEST,), world.within_group)
        own, other = grouped(rng, (2, _TEST), world.within_group)
        first = _runs(rng, world, truth, own)
        second = _runs(rng, world, truth, np.sqrt(0.5) * own + np.sqrt(0.5) * other)
        targets = np.where(rng.random(_TEST) < _MISSING, np.nan, truth)
        draws = Draws(targets, _group_names(_TEST))
        ends["R²"].append(draws.interval(intervals.r2, first))
        ends["difference of R²"].append(draws.difference(first, second))
        ends["Pearson"].append(draws.interval(intervals.pearson, first))
    truths = {"R²": r2, "difference of R²": 0.0, "Pearson": correlation}
    return [
        Coverage(
            world=world.name,
            figure=name,
            truth=truths[name],
            mean=float(np.mean([interval.value for interval in found])),
            held=float(np.mean([i.low <= truths[name] <= i.high for i in found])),
        )
        for name, found in ends.items()
    ]


def _correlation(world: World, rng: np.random.Generator) -> float:
    """Pearson's of label and score in the population, in the mean over seeds."""
    sizes = np.maximum(0.0, 1 + world.uneven * rng.standard_normal(1_000_000))
    return float(np.mean(1 / np.sqrt(1 + world.shared + world.by_seed * sizes)))


class _EqualStudy:
    """A study of equally good configurations."""

    def __init__(self, rng: np.random.Generator, world: World, lasting: float) -> None:
        self.rng, self.world = rng, world
        clips = _TRAIN + _VAL
        self.truth = grouped(rng, (2, clips), world.within_group)
        self.targets = np.where(rng.random((2, clips)) < _MISSING, np.nan, self.truth)
        self.val = slice(_TRAIN, clips)
        self.lasting = lasting
        self.common = grouped(rng, (2, clips), world.within_group)
        self.own: dict[int, Array] = {}

    def scores(self, config: int, rows: npt.NDArray[np.intp] | slice) -> Array:
        """What a fresh run of a configuration says of some clips, (tasks, clips)."""
        world, rng = self.world, self.rng
        # Half of the shared error is every configuration's, half of it its own: of that a part
        # stays when the seed changes, and the rest is drawn anew.
        if config not in self.own:
            self.own[config] = grouped(rng, self.truth.shape, world.within_group)
        whole = self.truth[:, rows]
        anew = grouped(rng, whole.shape, world.within_group)
        own = np.sqrt(self.lasting) * self.own[config][:, rows] + np.sqrt(1 - self.lasting) * anew
        # One size for both tasks: a run is lucky, or it is not.
        size = world.by_seed * max(0.0, 1 + world.uneven * rng.standard_normal())
        luck = np.sqrt(size) * grouped(rng, whole.shape, world.within_group)
        error = np.sqrt(world.shared / 2) * (self.common[:, rows] + own)
        return np.asarray(whole + error + luck)

    def run(self, config: int, rows: npt.NDArray[np.intp] | slice, fold: int) -> Run:
        """A run's score, the mean of two tasks' R², and its losses by group."""
        scores, targets = self.scores(config, rows).T, self.targets[:, rows].T
        names = np.array(_group_names(self.truth.shape[1]))[rows]
        losses = losses_by_cluster(scores, targets, clusters_of(list(names)), (0.5, 0.5))
        return Run(fold=fold, score=1 - sum(losses), losses=losses)


def curse(world: World, lasting: float, studies: int, seed: int) -> Curse:
    """Searches among equals, confirms the winners, and opens test."""
    rng = np.random.default_rng(seed)
    gaps: dict[str, list[float]] = {"search": [], "confirmed": [], "test": []}
    for _ in range(studies):
        study = _EqualStudy(rng, world, lasting)
        found = [study.run(config, study.val, 0).score for config in range(_TRIALS)]
        best = [int(config) for config in np.argsort(found)[::-1][:_BEST]]
        groups = np.arange(_TRAIN + _VAL) // _PER_GROUP
        fold_of = rng.permutation(groups.max() + 1)[groups] % _FOLDS
        rounds = [fold for _ in range(_ROUNDS) for fold in range(_FOLDS)]
        runs = {
            c: [study.run(c, np.flatnonzero(fold_of == fold), fold) for fold in rounds]
            for c in best
        }
        # Sizes have nothing to do with quality here, so any will do.
        sizes = dict(zip(best, rng.permutation(_BEST).tolist(), strict=True))
        standings, _ = race(sizes, runs, num_folds=_FOLDS)
        choice = choose(standings, _FOLDS)
        assert choice is not None, "nobody diverges here"
        chosen = next(s for s in standings if s.key == choice.key)
        fresh = _EqualStudy(rng, world, lasting)
        test = np.arange(_TEST)
        gaps["search"].append(found[choice.key] - world.r2)
        gaps["confirmed"].append(chosen.mean - world.r2)
        tests = [fresh.run(choice.key, test, 0).score for _ in range(_SEEDS)]
        gaps["test"].append(float(np.mean(tests)) - world.r2)
    errors = {
        name: (float(np.mean(values)), float(np.std(values) / np.sqrt(studies)))
        for name, values in gaps.items()
    }
    return Curse(shared=f"{lasting:.0%}", **errors)


def main(argv: Sequence[str]) -> int:
    """Simulates and prints both tables."""
    parser = CommandParser(prog="python -m benchmarks.honesty", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--studies", type=int, default=500, help="simulated (default 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures there too")
    options = parser.parse_args(argv)
    if options.studies < 2:
        raise ConfigError(f"--studies is {options.studies}, expected a number >= 2")
    if options.json:
        check_place(options.json)
    covered = []
    for world in WORLDS:
        _say(f"intervals, {world.name}")
        covered += coverage(world, options.studies, options.seed)
    head = ["world", "figure", "truth", "mean", "95 % interval holds it"]
    rows = [
        [c.world, c.figure, f"{c.truth:.3f}", f"{c.mean:.3f}", f"{c.held:.1%}"] for c in covered
    ]
    print(text_table([head, *rows]))
    whole = float(np.mean([row.held for row in covered]))
    print(f"all: {whole:.1%} of {len(covered) * options.studies} intervals\n")
    cursed = []
    for lasting in (0.0, 0.5, 1.0):
        _say(f"equal configurations, {lasting:.0%} lasting")
        cursed.append(curse(WORLDS[1], lasting, options.studies, options.seed))
    head = ["lasting part", "search - truth", "confirmed - truth", "test - truth"]
    rows = [[c.shared, *map(_pm, (c.search, c.confirmed, c.test))] for c in cursed]
    print(text_table([head, *rows]))
    if options.json:
        with whole_file(options.json) as file:
            json.dump(
                {
                    "studies": options.studies,
                    "coverage": [asdict(row) for row in covered],
                    "curse": [asdict(row) for row in cursed],
                },
                file,
            )
    return 0


def _say(name: str) -> None:
    print(f"simulating: {name}", file=sys.stderr, flush=True)


def _pm(pair: tuple[float, float]) -> str:
    return f"{pair[0]:+.4f} ± {2 * pair[1]:.4f}"


if __name__ == "__main__":
    sys.exit(run_command(main))
