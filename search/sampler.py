"""Samplers by name, one a trial.

So what a trial is suggested follows from the study and from its number, whichever worker runs it,
and no two trials draw alike.
"""

from typing import Final

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from avq_core.errors import ConfigError
from search.configure import derive_seed
from search.space_samplers import SobolStart, SpaceCmaEsSampler, SpaceGPSampler
from space.space import Space

SAMPLERS: Final = ("tpe", "gp", "cmaes", "random", "qmc")
OF_TWO_OBJECTIVES: Final = ("tpe", "random", "qmc")
"""Those that serve a study of two objectives."""
STARTUP_TRIALS: Final = 20
"""Random (or Sobol) trials before anything is modelled: twice the ten dimensions."""
_SUGGEST: Final = 1_000_003
"""Keeps the samplers' seeds apart from the trials' own."""
_SEQUENCE: Final = 1_000_033
"""Keeps the seed of the Sobol sequence, of which a study has one, apart from both."""


def check_sampler(name: str) -> None:
    """Makes sure that there is a sampler of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in SAMPLERS:
        raise ConfigError(f"--sampler is {name!r}, expected one of {', '.join(SAMPLERS)}")


def make_sampler(name: str, space: Space, *, seed: int, number: int) -> BaseSampler:
    """The sampler of a name for one trial.

    Args:
        name: One of `SAMPLERS`.
        space: The study's space.
        seed: The study's.
        number: The trial's.

    Raises:
        ConfigError: An unknown name.
    """
    check_sampler(name)
    own = derive_seed(seed, _SUGGEST, number)
    match name:
        case "gp":
            return SpaceGPSampler(
                space, seed=own, num_startup=STARTUP_TRIALS, independent=_tpe(own)
            )
        case "cmaes":
            return SpaceCmaEsSampler(space, seed=own, independent=_tpe(own))
        case "random":
            return RandomSampler(seed=own)
        case "qmc":
            sequence = derive_seed(seed, _SEQUENCE)
            return SobolStart(space, seed=sequence, num_startup=STARTUP_TRIALS, then=_tpe(own))
    return _tpe(own)


def _tpe(seed: int) -> TPESampler:
    # `group` lets a study hold trials without parameters: the manual's configuration where the
    # space does not hold it. Without it, TPE would fall back to one parameter at a time.
    return TPESampler(
        n_startup_trials=STARTUP_TRIALS,
        multivariate=True,
        group=True,
        constant_liar=True,
        seed=seed,
    )
