"""Samplers that are told the space, where Optuna's own infer it from the trials there are.

What Optuna infers is the parameters that all trials share. The manual's trial has none where the
space does not hold it, and conditional ones are never shared, so it would model little or nothing.

Each trial has a sampler of its own (`search.samplers.factory`), so nothing here keeps state between trials:
a Gaussian process is fitted anew, CMA-ES reads its state from the trials, and the place in the
Sobol sequence is the trial's number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, CmaEsSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.samplers.observations import gather
from search.samplers.prior import nearby_value
from space.space import Space
from studies.distributions import distributions_of
from studies.storage.optuna_internals import ObservedGPSampler, PlacedQMCSampler, queued_point
from studies.trial_states import FINISHED


class SpaceGPSampler(ObservedGPSampler):
    """A Gaussian process over the whole space, which learns from pruned trials too."""

    def __init__(
        self, space: Space, *, seed: int, num_startup: int, independent: BaseSampler
    ) -> None:
        # Optuna counts complete trials only; `num_startup` is of all that the model can use.
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
        """Every parameter; what does not matter at the point suggested is not asked for."""
        return distributions_of(self._space)

    def observe(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> list[FrozenTrial] | None:
        """Complete and pruned trials; `None` where there are fewer than the model needs."""
        observed = [
            create_trial(value=item.score, params=item.point, distributions=search_space)
            for item in gather(study.get_trials(deepcopy=False), self._space)
        ]
        return observed if len(observed) >= self._num_startup else None


class SpaceCmaEsSampler(CmaEsSampler):
    """CMA-ES over the numbers that are searched at every point; the rest is the other sampler's.

    With margin (Hamano et al., 2022), so that whole numbers do not freeze when the distribution has
    become narrower than their steps.
    """

    def __init__(self, space: Space, *, seed: int, independent: BaseSampler) -> None:
        super().__init__(
            seed=seed,
            # None: Optuna waits for a trial to infer the space from.
            n_startup_trials=0,
            independent_sampler=independent,
            warn_independent_sampling=False,
            # By their last score. Only ranks count, and a generation of complete trials alone
            # would take three times as many.
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
        """As CMA-ES's, but for a trial that was queued with some values only.

        That one would be told to CMA-ES as the point that it was to have.
        """
        if queued_point(trial):
            return {}
        return super().sample_relative(study, trial, search_space)


class Opening(BaseSampler):
    """One sampler for the beginning of a study, then another.

    Args:
        first: Suggests while nothing is known.
        num_startup: Ended trials from which on `then` suggests.
        then: The other sampler.
    """

    def __init__(self, first: BaseSampler, *, num_startup: int, then: BaseSampler) -> None:
        self._first = first
        self._num_startup = num_startup
        self._then = then
        self._current: BaseSampler = then

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Decides whose turn it is, once a trial: others may end between two of its parameters."""
        ended = study.get_trials(deepcopy=False, states=FINISHED)
        self._current = self._first if len(ended) < self._num_startup else self._then
        return self._current.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """From the sampler whose turn it is."""
        return self._current.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """From the sampler whose turn it is."""
        return self._current.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Passed on."""
        self._current.after_trial(study, trial, state, values)


class NearStartSampler(BaseSampler):
    """Points around the space's own start, which somebody found good somewhere (`search.samplers.prior`).

    Of a parameter that does not matter at the start, anything.

    Args:
        space: A space with a start.
        seed: Of the draws.
        independent: Draws what the start says nothing of.
    """

    def __init__(self, space: Space, *, seed: int, independent: BaseSampler) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._independent = independent

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every parameter that the start has a value of."""
        known = distributions_of(self._space)
        return {name: known[name] for name in known if name in self._space.start}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """All of them drawn around the start."""
        return {
            name: nearby_value(self._space.parameters[name], self._space.start[name], self._rng)
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
    """A scrambled Sobol sequence at the place of the trial's number."""

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
        """Every parameter; what does not matter at the point suggested is not asked for."""
        return dict(self._distributions)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The point of the trial's number."""
        self.place = trial.number
        return super().sample_relative(study, trial, search_space)
