"""A whole search on recorded curves: the sampler learns from what the rule lets it see.

A replay of trials in random order cannot tell what a rule does to a sampler; here every method proposes
its own trials. Time is counted in epochs of one process that has the machine to itself.

Recorded curves have no validation clips. Losses of clips are made up from the seed noise alone, the same at
all epochs, so the effect of our rule's clause on noise cannot be measured here: that takes a study's own
trials (`benchmarks.pruners --study`). A trial's value is its last epoch's, and there is no manual baseline.
"""

import heapq
import itertools
import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import optuna
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from benchmarks.pruners.trials import FloatArray
from benchmarks.search.curves import Curve
from benchmarks.simulated_search.landscape import Landscape
from benchmarks.simulated_search.methods import Method
from benchmarks.simulated_search.rule import Verdict
from search.suggest import suggest
from studies.distributions import distributions_of
from studies.records import attributes
from studies.score import WatchedR2

_NUM_CLUSTERS: Final = 40
"""Of validation clips."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What a method achieved on a landscape."""

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
        luck: Standard deviation of what a trial's seed adds to each of its metrics in all epochs; half of
            it is added from epoch to epoch. The true score is without.
        seed: Of the search; a configuration has the same luck under every method.
    """
    return _Simulation(landscape, method, trials=trials, luck=luck, seed=seed).run()


@dataclass(slots=True)
class _Run:
    """A trial that has begun and not ended: running or paused."""

    trial: optuna.Trial
    config: int
    metrics: FloatArray
    """(E, 2), with luck."""
    losses: list[float]
    """Of clusters of clips; the paired error of two trials comes from the luck in them."""
    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


class _Simulation:
    """Workers that train side by side, an epoch at a time, in the order in which epochs end."""

    def __init__(
        self, landscape: Landscape, method: Method, *, trials: int, luck: float, seed: int
    ) -> None:
        self.landscape = landscape
        self.method = method
        self.rule = method.rule()
        self.luck = luck
        self.seed = seed
        self.storage = InMemoryStorage()
        self.study = optuna.create_study(
            study_name="simulated", storage=self.storage, direction="maximize"
        )
        if landscape.space.start:
            self.study.enqueue_trial(dict(landscape.space.start))
        self.distributions = distributions_of(landscape.space)
        self.free = np.ones(len(landscape.trials), bool)
        self.max_trials = min(trials, len(landscape.trials))
        self.num_begun = 0
        self.paused: dict[int, _Run] = {}
        self.curve: list[tuple[float, float]] = []
        self.best = -math.inf

    def run(self) -> Search:
        """Runs until no trial is left to begin, to train or to resume."""
        epoch_ends: list[tuple[float, int, _Run]] = []
        order, step = itertools.count(), 1 / self.method.speed
        epochs, now = 0, 0.0
        while True:
            while len(epoch_ends) < self.method.workers and (run := self._next_run()) is not None:
                heapq.heappush(epoch_ends, (now + step, next(order), run))
            if not epoch_ends:
                break
            now, _, run = heapq.heappop(epoch_ends)
            epochs += 1
            match self._train(run, now):
                case Verdict.GO_ON:
                    heapq.heappush(epoch_ends, (now + step, next(order), run))
                case Verdict.PAUSE:
                    self.paused[run.trial.number] = run
        for run in self.paused.values():
            self.study.tell(run.trial, state=TrialState.PRUNED)
        return Search(epochs=epochs, time=now, curve=self.curve)

    def _next_run(self) -> _Run | None:
        """What a free worker takes: a paused trial where the rule resumes one, else a new one."""
        if self.paused:
            trials = self.study.get_trials(deepcopy=False)
            number = self.rule.resume(self.study, [trials[n] for n in self.paused])
            if number is not None:
                return self.paused.pop(number)
        return self._begin() if self.num_begun < self.max_trials else None

    def _begin(self) -> _Run:
        """A new trial, moved from the proposed point to the nearest recorded configuration."""
        space = self.landscape.space
        self.study.sampler = self.method.sampler(space, self.seed, self.num_begun)
        self.num_begun += 1
        trial = self.study.ask()
        point = suggest(trial, space)
        config = self.landscape.nearest(np.array(list(point.values()), float), self.free)
        self.free[config] = False
        place = self.landscape.places[config].tolist()
        for (name, distribution), value in zip(self.distributions.items(), place, strict=True):
            self.storage.set_trial_param(trial._trial_id, name, value, distribution)  # noqa: SLF001 - Optuna has no public way to move a trial
        return _Run(trial, config, *self._add_luck(config))

    def _add_luck(self, config: int) -> tuple[FloatArray, list[float]]:
        true = self.landscape.trials.metrics[config]
        rng = np.random.default_rng([self.seed, config])
        noisy = true + rng.normal(0, self.luck, 2) + rng.normal(0, self.luck / 2, true.shape)
        deviation = self.luck / math.sqrt(2 * _NUM_CLUSTERS)
        return noisy, rng.normal(0, deviation, _NUM_CLUSTERS).tolist()

    def _train(self, run: _Run, now: float) -> Verdict:
        """Trains an epoch; a trial that reaches its end stops as well."""
        trials = self.landscape.trials
        run.epoch += 1
        if run.epoch == trials.ends[run.config] and not trials.finishes[run.config]:
            self.study.tell(run.trial, state=TrialState.PRUNED)
            return Verdict.STOP
        score = self._report(run)
        if run.epoch == trials.lengths[run.config]:
            self.study.tell(run.trial, score)
            if score > self.best:
                self.best = score
                self.curve.append((now, float(trials.final[run.config])))
            return Verdict.STOP
        if not self.rule.judges_at(run.epoch, trials.rungs[run.config]):
            return Verdict.GO_ON
        frozen = self.study.get_trials(deepcopy=False)[run.trial.number]
        verdict = self.rule.judge(self.study, frozen)
        if verdict is Verdict.STOP:
            self.study.tell(run.trial, state=TrialState.PRUNED)
        return verdict

    def _report(self, run: _Run) -> float:
        """Stores an epoch as the search does, and gives its score."""
        watch = self.landscape.trials.watch
        cross_modal, overall = run.metrics[run.epoch - 1].tolist()
        score = watch.score(WatchedR2(cross_modal=cross_modal, overall=overall))
        run.trial.report(score, run.epoch)
        if run.epoch in self.landscape.trials.rungs[run.config]:
            r2 = {watch.cross_modal: cross_modal, watch.overall: overall}
            entry = {"epoch": run.epoch, "r2": r2, "judged": True, "losses": run.losses}
            run.history.append(entry)
            run.trial.set_user_attr(attributes.HISTORY, list(run.history))
        return score
