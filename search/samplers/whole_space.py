"""Samplers that get the whole space, where Optuna's own infer it from the trials so far.

Optuna infers the parameters that all trials share. The manual baseline has none where the space does
not hold it, and conditional parameters are never shared, so little or nothing would be modelled.

Each trial has a sampler of its own (`search.samplers.factory`), so nothing here keeps state between trials:
a Gaussian process is fitted anew, CMA-ES reads its state from the trials, and the position in the
Sobol sequence is the trial's number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, CmaEsSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.samplers.observations import observations
from search.samplers.prior import draw_near
from space.space import Space
from studies.distributions import distributions_of
from studies.storage.optuna_internals import ObservedGPSampler, PlacedQMCSampler, queued_point
from studies.trial_states import FINISHED


class SpaceGPSampler(ObservedGPSampler):
    """A Gaussian process over the whole space, which learns from pruned trials too."""

    def __init__(
        self, space: Space, *, seed: int, num_startup: int, independent: BaseSampler
    ) -> None:
        # Optuna counts complete trials only; `num_startup` counts all that the model can use.
        super().__init__(
            seed=seed,
            n_startup_trials=1,
            independent_sampler=independent,
            warn_independent_sampling=False,
        )
        self._space = space
        self._num_startup = num_startup

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every parameter; inactive ones are modelled, but `suggest` does not ask for them."""
        return distributions_of(self._space)

    def observe(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> list[FrozenTrial] | None:
        """Complete and pruned trials; `None` where there are fewer than the model needs."""
        observed = [
            create_trial(value=item.score, params=item.point, distributions=search_space)
            for item in observations(study.get_trials(deepcopy=False), self._space)
        ]
        return observed if len(observed) >= self._num_startup else None


class SpaceCmaEsSampler(CmaEsSampler):
    """CMA-ES over the unconditional numbers; another sampler suggests the rest.

    With margin (Hamano et al., 2022), so that integers still vary when the distribution has become
    narrower than their steps.
    """

    def __init__(self, space: Space, *, seed: int, independent: BaseSampler) -> None:
        super().__init__(
            seed=seed,
            # Optuna waits for a first trial, to infer the space from it; here the space is given.
            n_startup_trials=0,
            independent_sampler=independent,
            warn_independent_sampling=False,
            # By their last score. CMA-ES uses ranks only, and a generation of complete trials alone
            # would need three times as many trials.
            consider_pruned_trials=True,
            with_margin=True,
        )
        numbers = {
            name: distribution
            for name, distribution in distributions_of(space).items()
            if not isinstance(distribution, CategoricalDistribution)
            and not space.parameters[name].when
        }
        # A covariance needs two.
        self._numbers = numbers if len(numbers) > 1 else {}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Floats and integers without conditions."""
        return dict(self._numbers)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """CMA-ES's point; nothing for a trial that was queued with values.

        CMA-ES would learn the score of its suggested point, though the trial ran with queued values.
        """
        if queued_point(trial):
            return {}
        return super().sample_relative(study, trial, search_space)


class Opening(BaseSampler):
    """One sampler for the first trials of a study, then another.

    Args:
        first: Suggests the first trials.
        num_startup: Number of finished trials from which on `then` suggests.
        then: Suggests the others.
    """

    def __init__(self, first: BaseSampler, *, num_startup: int, then: BaseSampler) -> None:
        self._first = first
        self._num_startup = num_startup
        self._then = then
        self._current: BaseSampler = then

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Picks the sampler once a trial, since others may finish between two of its parameters."""
        ended = study.get_trials(deepcopy=False, states=FINISHED)
        self._current = self._first if len(ended) < self._num_startup else self._then
        return self._current.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """From the sampler picked for the trial."""
        return self._current.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """From the sampler picked for the trial."""
        return self._current.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Passed on to the sampler picked for the trial."""
        self._current.after_trial(study, trial, state, values)


class PriorSampler(BaseSampler):
    """Draws from the prior around the space's start (`search.samplers.prior`).

    Args:
        space: A space with a start, the point that its author believes to be good.
        seed: Of the draws.
        independent: Draws the parameters that the start has no value of.
    """

    def __init__(self, space: Space, *, seed: int, independent: BaseSampler) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._independent = independent

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every parameter that the start has a value of."""
        distributions = distributions_of(self._space)
        return {n: distributions[n] for n in distributions if n in self._space.start}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Each of them drawn around its value in the start."""
        return {
            name: draw_near(self._space.parameters[name], self._space.start[name], self._rng)
            for name in search_space
        }

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """From the other sampler."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)


class NumberedSobolSampler(PlacedQMCSampler):
    """A scrambled Sobol sequence; the trial's number is the position in it."""

    def __init__(self, space: Space, *, seed: int, independent: BaseSampler) -> None:
        super().__init__(
            scramble=True,
            seed=seed,
            independent_sampler=independent,
            warn_independent_sampling=False,
        )
        self._distributions = distributions_of(space)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every parameter; inactive ones are modelled, but `suggest` does not ask for them."""
        return dict(self._distributions)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The point of the sequence at the trial's number."""
        self.place = trial.number
        return super().sample_relative(study, trial, search_space)
