"""Samplers by name."""

from typing import Final

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from avq_core.errors import ConfigError

SAMPLERS: Final = ("tpe", "random")
_STARTUP_TRIALS = 20
"""Random trials before TPE models anything: twice the ten dimensions."""


def make_sampler(name: str, seed: int) -> BaseSampler:
    """The sampler of a name.

    Args:
        name: `tpe` or `random`.
        seed: Of this worker from this trial on; two workers with one seed would suggest the same.

    Raises:
        ConfigError: An unknown name.
    """
    match name:
        case "tpe":
            # `group` lets a study hold trials without parameters: the manual's configuration where
            # the space does not hold it. Without it, TPE would fall back to one parameter at a time.
            return TPESampler(
                n_startup_trials=_STARTUP_TRIALS,
                multivariate=True,
                group=True,
                constant_liar=True,
                seed=seed,
            )
        case "random":
            return RandomSampler(seed=seed)
    raise ConfigError(f"--sampler is {name!r}, expected one of {', '.join(SAMPLERS)}")
