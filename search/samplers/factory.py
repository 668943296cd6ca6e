"""Samplers by name, one a trial.

So what a trial is suggested follows from the study and from its number, whichever worker runs it,
and no two trials draw alike. Before `tpe` and `gp` know anything, every other trial is drawn near the
space's own start, where it has one, and the rest at random: as PriorBand (Mallik et al., 2023) mixes what
somebody believes with what nobody knows.
"""

from typing import Final

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from search.samplers.whole_space import (
    NearStartSampler,
    NumberedSobolSampler,
    Opening,
    SpaceCmaEsSampler,
    SpaceGPSampler,
)
from search.seeds import Stream, derive_seed
from search.settings import SAMPLERS
from space.space import Space

_STARTUP: Final = {"tpe": 10, "gp": 20, "cmaes": 20, "random": 20, "qmc": 20}
"""Ended trials before a sampler's model suggests, or the TPE that stands in for it. With twice as many
`tpe` learns later and ends no better (docs/experiments/023); the others were not compared."""


def make_sampler(
    name: str, space: Space, *, seed: int, number: int, num_startup: int | None = None
) -> BaseSampler:
    """The sampler of a name for one trial.

    Args:
        name: One of `SAMPLERS`.
        space: The study's space.
        seed: The study's.
        number: The trial's.
        num_startup: Ended trials before a model suggests; `None` for what is usual for the sampler.

    Raises:
        ValueError: An unknown name.
    """
    if name not in SAMPLERS:
        raise ValueError(f"sampler is {name!r}, expected one of {', '.join(SAMPLERS)}")
    own = derive_seed(seed, Stream.SUGGEST, number)
    startup = _STARTUP[name] if num_startup is None else num_startup
    tpe = _tpe(own, startup)
    match name:
        case "random":
            return RandomSampler(seed=own)
        case "cmaes":
            return SpaceCmaEsSampler(space, seed=own, independent=tpe)
        case "qmc":
            sequence = derive_seed(seed, Stream.SOBOL)
            sobol = NumberedSobolSampler(space, seed=sequence, independent=tpe)
            return Opening(sobol, num_startup=startup, then=tpe)
    then: BaseSampler = tpe
    if name == "gp":
        then = SpaceGPSampler(space, seed=own, num_startup=startup, independent=tpe)
    if not space.start or number % 2:
        return then
    near = NearStartSampler(space, seed=own, independent=tpe)
    return Opening(near, num_startup=startup, then=then)


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
