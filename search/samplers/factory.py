"""Makes the sampler of one trial by name.

Each trial has a sampler of its own, so that its values follow from the study and the trial's number,
whichever worker runs it, and no two trials draw alike. Before the models of `tpe` and `gp` have enough
trials to learn from, every other trial is drawn from the prior around the space's start, where it has
one, and the others at random: the mixture of PriorBand (Mallik et al., 2023).
"""

from typing import Final

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from search.samplers.whole_space import (
    NumberedSobolSampler,
    Opening,
    PriorSampler,
    SpaceCmaEsSampler,
    SpaceGPSampler,
)
from search.seeds import Stream, derive_seed
from search.settings import SAMPLERS
from space.space import Space

_STARTUP: Final = {"tpe": 10, "gp": 20, "cmaes": 20, "random": 20, "qmc": 20}
"""Finished trials before a model suggests: the sampler's own, or the TPE that it falls back on. With
twice as many `tpe` learns later and ends no better (docs/experiments/023); the others were not compared."""


def make_sampler(
    name: str, space: Space, *, seed: int, number: int, num_startup: int | None = None
) -> BaseSampler:
    """The sampler of a name for one trial.

    Args:
        name: One of `SAMPLERS`.
        space: The study's space.
        seed: The study's.
        number: The trial's.
        num_startup: Finished trials before a model suggests; `None` for the sampler's usual number.

    Raises:
        ValueError: An unknown name.
    """
    if name not in SAMPLERS:
        raise ValueError(f"sampler is {name!r}, expected one of {', '.join(SAMPLERS)}")
    trial_seed = derive_seed(seed, Stream.SUGGEST, number)
    startup = _STARTUP[name] if num_startup is None else num_startup
    tpe = _tpe(trial_seed, startup)
    match name:
        case "random":
            return RandomSampler(seed=trial_seed)
        case "cmaes":
            return SpaceCmaEsSampler(space, seed=trial_seed, independent=tpe)
        case "qmc":
            sequence = derive_seed(seed, Stream.SOBOL)
            sobol = NumberedSobolSampler(space, seed=sequence, independent=tpe)
            return Opening(sobol, num_startup=startup, then=tpe)
    then: BaseSampler = tpe
    if name == "gp":
        then = SpaceGPSampler(space, seed=trial_seed, num_startup=startup, independent=tpe)
    if not space.start or number % 2:
        return then
    prior = PriorSampler(space, seed=trial_seed, independent=tpe)
    return Opening(prior, num_startup=startup, then=then)


def _tpe(seed: int, num_startup: int) -> TPESampler:
    # `group` lets a study hold trials without parameters: the manual's configuration where the
    # space does not hold it. Without it, TPE would fall back to one parameter at a time.
    return TPESampler(
        n_startup_trials=num_startup,
        multivariate=True,
        group=True,
        constant_liar=True,
        seed=seed,
    )
