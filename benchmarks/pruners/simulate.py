"""Simulated studies: every rule on the same trials in the same order."""

import itertools
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.pruners import rules as pruning_rules
from benchmarks.pruners.rules import Nothing, Rule
from benchmarks.pruners.trials import FloatArray, Outcome, Trials

_CHUNK = 5
"""Studies that a process takes at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a rule costs in a study, and what it misses."""

    epochs: int
    """Spent by all trials."""
    share: float
    """Of the epochs that the same study takes without pruning, where diverged trials stop as well."""
    complete: int
    """Trials that reached their end."""
    missed: bool
    """Whether the true best was pruned: no complete trial scores as high."""
    regret: float
    """Final score of the true best less that of the best complete trial, in the metrics' units."""
    scaled: float
    """The regret where 0 is the best and 1 the median of all configurations that do not diverge, so
    that pairs of tasks can be averaged; above 1 for a choice below that median."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedStudy:
    """One study under every rule."""

    pair: str
    """Names of the two tasks."""
    name: str
    trials: int
    best: float | None
    """Final score of the true best; `None` where every trial diverges."""
    results: dict[str, Result]
    """By rule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to simulate."""

    rules: Mapping[str, Rule]
    """By the text that names them."""
    studies: int
    """In all; the pairs take turns."""
    trials: int
    """Of a study, at most: no configuration is drawn twice."""
    seed: int
    learning: float = 0.0
    """Share of a trial's place in the order that its final score decides, in [0, 1): with a sampler that
    learns, late trials are better than early ones. 0 is a random order."""


def simulate(pairs: Iterable[Trials], plan: Plan, *, workers: int) -> list[SimulatedStudy]:
    """Runs all studies.

    Args:
        pairs: All configurations of each pair of tasks.
        plan: Rules, and how many studies of how many trials.
        workers: Processes.
    """
    jobs = _jobs(list(pairs), plan)
    if workers == 1:
        return list(itertools.chain.from_iterable(map(_run, jobs)))
    # Spawned: a fork would copy whatever threads the numeric libraries have started.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return list(itertools.chain.from_iterable(pool.map(_run, jobs)))


_Job = tuple[Trials, int, list[int], Plan]


def _jobs(pairs: Sequence[Trials], plan: Plan) -> Iterator[_Job]:
    """A pair with some of its studies at a time."""
    # Where there are more pairs than studies, the pairs that get one are drawn at random.
    order = np.random.default_rng(plan.seed).permutation(len(pairs))
    for turn, pair in enumerate(order):
        numbers = list(range(turn, plan.studies, len(pairs)))
        for start in range(0, len(numbers), _CHUNK):
            yield pairs[pair], int(pair), numbers[start : start + _CHUNK], plan


def _run(job: _Job) -> list[SimulatedStudy]:
    trials, pair, numbers, plan = job
    unit = _unit(trials.final)
    studies = []
    for number in numbers:
        rng = np.random.default_rng([plan.seed, pair, number])
        order = rng.permutation(len(trials))[: plan.trials]
        order = improving(order, trials.final, learning=plan.learning, rng=rng)
        drawn = trials.take(order, name=f"replay-{plan.seed}-{pair}-{number}")
        studies.append(replay(drawn, plan.rules, pair=trials.name, unit=unit))
    return studies


def improving(
    order: npt.NDArray[np.intp], final: FloatArray, *, learning: float, rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Moves good trials towards the end of a study.

    Args:
        order: Trials in random order.
        final: Final score of every trial, NaN where it diverges; diverging trials come first.
        learning: As `Plan` has it.
        rng: For the part of the order that the score does not decide.
    """
    if learning == 0:
        return order
    scores = np.where(np.isfinite(final[order]), final[order], -np.inf)
    place = np.argsort(np.argsort(scores)) / len(order)
    mixed = learning * place + (1 - learning) * rng.random(len(order))
    return order[np.argsort(mixed)]


def replay(
    trials: Trials, rules: Mapping[str, Rule], *, pair: str, unit: float | None = None
) -> SimulatedStudy:
    """One study under every rule.

    Args:
        trials: In the order of their start.
        rules: By name.
        pair: Names of the two tasks.
        unit: The regret that is 1 when scaled; `None` takes it from these trials.
    """
    unit = _unit(trials.final) if unit is None else unit
    whole = int(pruning_rules.replay(Nothing(), trials).spent.sum())
    finals = trials.final[trials.finishes]
    return SimulatedStudy(
        pair=pair,
        name=trials.name,
        trials=len(trials),
        best=float(finals.max()) if finals.size else None,
        results={
            name: _judged(trials, pruning_rules.replay(rule, trials), whole, unit)
            for name, rule in rules.items()
        },
    )


def _judged(trials: Trials, outcome: Outcome, whole: int, unit: float) -> Result:
    regret = regret_of(trials, outcome)
    epochs = int(outcome.spent.sum())
    return Result(
        epochs=epochs,
        share=epochs / whole,
        complete=int(outcome.complete.sum()),
        missed=regret > 0,
        regret=regret,
        scaled=regret / unit,
    )


def regret_of(trials: Trials, outcome: Outcome) -> float:
    """Final score of the true best less that of the best complete trial.

    Where no trial is complete the choice is as good as one at random: the median final score of the
    trials that do not diverge. Where all diverge there is nothing to miss, and the regret is 0.
    """
    finals = trials.final[trials.finishes]
    if not finals.size:
        return 0.0
    complete = trials.final[outcome.complete]
    choice = complete.max() if complete.size else np.median(finals)
    return float(finals.max() - choice)


def _unit(finals: FloatArray) -> float:
    """From the median to the best; 1 where all are equal, since no choice has a regret then."""
    finite = finals[np.isfinite(finals)]
    return float(finite.max() - np.median(finite)) or 1.0
