"""A whole search on recorded curves: the sampler learns from what the rule lets it see.

A replay of trials in random order cannot tell what a rule does to a sampler; here every method proposes
its own. Time is counted in epochs of one process that has the machine to itself.

Recorded curves have no validation clips. Losses of clips are made up from the luck alone, the same at all
epochs, so what a search with our rule's clause on noise gains or loses by it is not to be learned here:
a study's own trials tell that (`benchmarks.pruners --study`). A trial's value is its last epoch's, and nobody
trains the manual's network.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from benchmarks.replay.landscape import Landscape
from benchmarks.replay.trials import FloatArray
from benchmarks.search.curves import Curve
from search.pruners.cycle_end import CycleEndPruner
from space.space import Space
from studies import records
from studies.distributions import distributions_of
from studies.score import Figures

_STUDY: Final = "simulated"
_CLUSTERS: Final = 40
"""Of validation clips."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """How to search."""

    sampler: Callable[[Space, int, int], BaseSampler]
    """Of a space, a search's seed and a trial's number."""
    pruner: Callable[[], BasePruner]
    """Makes one for a search. Optuna's is asked after every epoch from the first rung on, ours at rungs."""
    workers: int
    speed: float
    """Epochs that each worker trains in a unit of time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What a method made of a landscape."""

    epochs: int
    time: float
    """Until the last trial ended."""
    curve: Curve
    """When each incumbent came, and its true final score, which need not rise."""


def run_search(
    landscape: Landscape, method: Method, *, trials: int, luck: float, seed: int
) -> Search:
    """Runs one search. No configuration is tried twice.

    Args:
        landscape: What is searched.
        method: How.
        trials: At most; no more than there are configurations.
        luck: Deviation of what a trial's seed adds to each of its figures throughout; half of it is what
            it adds from epoch to epoch. The true score is without.
        seed: Of the search; a configuration has the same luck under every method.
    """
    return _Simulation(landscape, method, trials=trials, luck=luck, seed=seed).run()


@dataclass(slots=True)
class _Running:
    """A trial under way."""

    trial_id: int
    config: int
    figures: FloatArray
    """(E, 2), with luck."""
    losses: list[float]
    """What clusters of clips take from its score, of which two trials' paired error is about the luck."""
    epoch: int = 0
    history: list[dict[str, object]] = field(default_factory=list)


class _Simulation:
    """Workers that train side by side, an epoch at a time, in the order in which epochs end."""

    def __init__(
        self, landscape: Landscape, method: Method, *, trials: int, luck: float, seed: int
    ) -> None:
        self.landscape = landscape
        self.method = method
        self.pruner = method.pruner()
        self.luck = luck
        self.seed = seed
        self.storage = InMemoryStorage()
        self.study = optuna.create_study(
            study_name=_STUDY, storage=self.storage, direction="maximize", pruner=self.pruner
        )
        self.study_id = self.storage.get_study_id_from_name(_STUDY)
        self.free = np.ones(len(landscape.trials), bool)
        self.left = min(trials, len(landscape.trials))
        self.curve: list[tuple[float, float]] = []
        self.best = -math.inf

    def run(self) -> Search:
        """Until no trial is left to begin or to end."""
        ticks: list[tuple[float, int, _Running]] = []
        order, step = itertools.count(), 1 / self.method.speed
        for running in itertools.islice(self._begin(), self.method.workers):
            heapq.heappush(ticks, (step, next(order), running))
        epochs, now = 0, 0.0
        while ticks:
            now, _, running = heapq.heappop(ticks)
            epochs += 1
            if self._train(running, now):
                running = next(self._begin(), None)
            if running is not None:
                heapq.heappush(ticks, (now + step, next(order), running))
        return Search(epochs=epochs, time=now, curve=self.curve)

    def _begin(self) -> Iterator[_Running]:
        """Trials as they are asked for, as long as there are some."""
        while self.left > 0:
            self.left -= 1
            trial_id = self.storage.create_new_trial(self.study_id)
            config = self.landscape.nearest(self._propose(trial_id), self.free)
            self.free[config] = False
            place = self.landscape.places[config].tolist()
            distributions = distributions_of(self.landscape.space)
            for (name, distribution), value in zip(distributions.items(), place, strict=True):
                self.storage.set_trial_param(trial_id, name, value, distribution)
            yield _Running(trial_id, config, *self._lucky(config))

    def _propose(self, trial_id: int) -> FloatArray:
        trial = self.storage.get_trial(trial_id)
        space = self.landscape.space
        if trial.number == 0 and space.start:
            return np.array(list(space.start.values()), float)
        sampler = self.method.sampler(space, self.seed, trial.number)
        # Opened anew for each trial: a study remembers its trials until it is asked for the next one.
        study = optuna.load_study(study_name=_STUDY, storage=self.storage)
        relative = sampler.infer_relative_search_space(study, trial)
        values = sampler.sample_relative(study, trial, relative)
        # As Optuna does: whatever is not modelled together is asked for by itself.
        return np.array(
            [
                values[name]
                if name in values
                else sampler.sample_independent(study, trial, name, distribution)
                for name, distribution in distributions_of(space).items()
            ]
        )

    def _lucky(self, config: int) -> tuple[FloatArray, list[float]]:
        true = self.landscape.trials.figures[config]
        rng = np.random.default_rng([self.seed, config])
        seen = true + rng.normal(0, self.luck, 2) + rng.normal(0, self.luck / 2, true.shape)
        deviation = self.luck / math.sqrt(2 * _CLUSTERS)
        return seen, rng.normal(0, deviation, _CLUSTERS).tolist()

    def _train(self, running: _Running, now: float) -> bool:
        """Trains an epoch; returns whether the trial ended there."""
        trials, config = self.landscape.trials, running.config
        running.epoch += 1
        figures, watch = running.figures[running.epoch - 1], trials.watch
        if running.epoch == trials.ends[config] and not trials.finishes[config]:
            self._end(running, None)
            return True
        cross_modal, overall = figures.tolist()
        score = watch.score(Figures(cross_modal=cross_modal, overall=overall))
        self.storage.set_trial_intermediate_value(running.trial_id, running.epoch, score)
        if running.epoch == trials.lengths[config]:
            self._end(running, score)
            if score > self.best:
                self.best = score
                self.curve.append((now, float(trials.final[config])))
            return True
        if not self._is_asked(running, figures):
            return False
        if self.pruner.prune(self.study, self.storage.get_trial(running.trial_id)):
            self._end(running, None)
            return True
        return False

    def _is_asked(self, running: _Running, figures: FloatArray) -> bool:
        trials = self.landscape.trials
        rungs = trials.rungs[running.config]
        if not isinstance(self.pruner, CycleEndPruner):
            return running.epoch >= rungs[0]
        if running.epoch not in rungs:
            return False
        names = (trials.watch.cross_modal, trials.watch.overall)
        entry = {
            "epoch": running.epoch,
            "r2": dict(zip(names, figures.tolist(), strict=True)),
            "judged": True,
            "losses": running.losses,
        }
        running.history.append(entry)
        self.storage.set_trial_user_attr(running.trial_id, records.HISTORY, list(running.history))
        return True

    def _end(self, running: _Running, score: float | None) -> None:
        state = TrialState.PRUNED if score is None else TrialState.COMPLETE
        values = None if score is None else [score]
        self.storage.set_trial_state_values(running.trial_id, state, values)
