"""Makes full training configurations from a trial's values, and checks that a space allows it. Pure."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from avq_core.config.presets import manual
from avq_core.config.training import TrainConfig
from avq_core.config.values import check_path, to_dict, with_values
from avq_core.errors import ConfigError
from avq_core.training.schedule import judged_epochs
from space.space import Space
from studies.points import WEIGHT_PREFIX

_MAX_COMBINATIONS: Final = 20_000
_COUPLED: Final = (
    ("model.hidden_dim", "model.num_heads", "model.positions"),
    ("optim.lr", "optim.min_lr"),
)
"""Settings that constrain each other; all others are checked at their bounds alone."""
_NOT_SEARCHED: Final = {
    "training.epochs": "the run's length follows from `epochs` and the cosine cycles",
    "training.seed": "each trial's seed follows from `seed` and the trial's number",
}


def configure(
    space: Space, values: Mapping[str, Any], *, tasks: Sequence[str], epochs: int, seed: int
) -> TrainConfig:
    """The configuration of a trial: the manual's, with the space's fixed settings and the trial's values.

    Task weights are scaled to the manual's sum: under AdamW a factor common to all of them changes
    (almost) nothing, so without the scaling many points would give the same configuration. The configuration
    holds the effective weights.

    Args:
        space: The space of the values.
        values: Maps dotted paths to values; settings left out keep the fixed or the manual's value.
        tasks: The data's tasks.
        epochs: Upper bound; the run ends with its last whole cosine cycle.
        seed: Seed of the run.

    Raises:
        ConfigError: A value that the model or the trainer cannot take.
    """
    config = with_values(manual(tuple(tasks)), {**space.fixed, **values})
    weights = config.training.task_weights
    searched = any(name.startswith(WEIGHT_PREFIX) for name in (*values, *space.fixed))
    settings: dict[str, Any] = {"training.seed": seed}
    settings["training.epochs"] = judged_epochs(config.optim, epochs)[-1]
    if searched:
        factor = sum(manual(tuple(tasks)).training.task_weights.values()) / sum(weights.values())
        settings |= {f"{WEIGHT_PREFIX}{task}": w * factor for task, w in weights.items()}
    return with_values(config, settings)


def baseline_config(*, tasks: Sequence[str], epochs: int, seed: int) -> TrainConfig:
    """The manual baseline's configuration, trained for whole cosine cycles within `epochs`."""
    config = manual(tuple(tasks))
    last = judged_epochs(config.optim, epochs)[-1]
    return with_values(config, {"training.epochs": last, "training.seed": seed})


def check_space(space: Space, *, tasks: Sequence[str], epochs: int) -> None:
    """Checks before a study starts that every point of a space is a valid configuration.

    Each parameter is tried at both bounds; those that constrain each other in every combination.

    Raises:
        ConfigError: A setting that cannot be searched, or the first point that is not a valid
            configuration.
    """
    for name in (*space.parameters, *space.fixed):
        if name.startswith("data."):
            raise ConfigError(
                f"the space {space.name!r} sets {name}, but the data is prepared once a study; "
                "leave data settings out of the space"
            )
        if name in _NOT_SEARCHED:
            raise ConfigError(f"the space {space.name!r} sets {name}; {_NOT_SEARCHED[name]}")
        try:
            check_path(manual(tuple(tasks)), name)
        except ConfigError as error:
            raise ConfigError(f"the space {space.name!r}: {error}") from error
    base = {name: parameter.ends()[0] for name, parameter in space.parameters.items()}
    points = [base | {n: end} for n, p in space.parameters.items() for end in p.ends()]
    for coupled in _COUPLED:
        names = [name for name in coupled if name in space.parameters]
        grids = [space.parameters[name].values() or space.parameters[name].ends() for name in names]
        if math.prod(map(len, grids)) > _MAX_COMBINATIONS:
            raise ConfigError(
                f"the space {space.name!r} has over {_MAX_COMBINATIONS} combinations of "
                f"{', '.join(names)}, too many to check; give them larger steps"
            )
        combinations = itertools.product(*grids)
        points += [base | dict(zip(names, values, strict=True)) for values in combinations]
    for point in points:
        try:
            configure(space, point, tasks=tasks, epochs=epochs, seed=0)
        except ConfigError as error:
            raise ConfigError(
                f"the space {space.name!r} has points that are not valid configurations: {error}; "
                "change its bounds or fixed settings"
            ) from error


def same_but_for_run(first: TrainConfig, second: TrainConfig) -> bool:
    """Whether two configurations differ in seed and epochs at most."""
    neutral = {"training.seed": 0, "training.epochs": 1}
    return to_dict(with_values(first, neutral)) == to_dict(with_values(second, neutral))
