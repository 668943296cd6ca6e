"""The spaces that come with the project, with a reason for every bound."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from space.errors import SpaceError
from space.extended import extended, extended_small
from space.parameters import Categorical, Float, Int
from space.space import Space, load_space
from space.weights import weight_parameters


def named_space(name: str, tasks: Sequence[str]) -> Space:
    """The space with a name, or from a YAML file.

    Args:
        name: The name of a preset, or the path of a file.
        tasks: The data's tasks, whose weights a preset searches.

    Raises:
        ConfigError: An unknown name, or a file that is missing or wrong.
    """
    is_file = name.endswith((".yaml", ".yml")) or "/" in name
    return load_space(Path(name)) if is_file else preset(name, tasks)


def preset(name: str, tasks: Sequence[str]) -> Space:
    """The preset with a name.

    Args:
        name: `small` (for a CPU) or `full` (for a GPU) search the ten settings, `extended-small` and
            `extended` the parts of the network as well.
        tasks: The data's tasks, whose weights are searched.

    Raises:
        SpaceError: An unknown name.
    """
    if name not in _PRESETS:
        raise SpaceError(
            f"there is no space {name!r}, expected one of {', '.join(_PRESETS)}, "
            "or a YAML file such as my-space.yaml"
        )
    return _PRESETS[name](tasks)


def _full(tasks: Sequence[str]) -> Space:
    return Space(
        name="full",
        epochs=70,
        parameters={
            "model.hidden_dim": Int(
                low=128,
                high=768,
                step=128,
                reason="from a quarter of the manual's 512 up to 1.5 times it: with about a thousand "
                "clips wider networks only overfit; multiples of 128, so that every number of heads "
                "divides it and matrix units are fully used",
            ),
            "model.num_layers": Int(
                low=1,
                high=8,
                reason="one layer is the least that lets frames see each other; the manual's 6 "
                "lies inside, and deeper than 8 trains poorly with its post-norm at this lr",
            ),
            "model.num_heads": Categorical(
                choices=(2, 4, 8, 16),
                reason="the manual's 16 and halves of it; all divide every width, which leaves a "
                "head at least 8 wide",
            ),
            "model.dropout": Float(
                low=0.0,
                high=0.6,
                reason="none at all, up to twice the manual's 0.3; beyond, too little passes through "
                "embedders, encoder and heads",
            ),
            "optim.lr": Float(
                low=2e-5,
                high=3e-3,
                log=True,
                reason="the manual's 1e-3 is high for AdamW on six layers, so most room lies "
                "below it; above 3e-3 a transformer without warm-up diverges",
            ),
            **weight_parameters(tasks),
        },
    )


def _small(tasks: Sequence[str]) -> Space:
    return Space(
        name="small",
        epochs=14,
        fixed={"model.embedder_scale": 0.125, "optim.cycle_epochs": 2},
        parameters={
            "model.hidden_dim": Int(
                low=32,
                high=128,
                step=32,
                reason="a trial on one CPU core takes seconds up to 128; multiples of 32, so that "
                "every number of heads divides it",
            ),
            "model.num_layers": Int(
                low=1,
                high=3,
                reason="one layer is the least that lets frames see each other; time on a CPU "
                "grows with each",
            ),
            "model.num_heads": Categorical(
                choices=(1, 2, 4, 8),
                reason="all divide every width, which leaves a head at least 4 wide",
            ),
            "model.dropout": Float(
                low=0.0,
                high=0.5,
                reason="none at all, up to half: small networks need less than the manual's 0.3",
            ),
            "optim.lr": Float(
                low=3e-4,
                high=3e-2,
                log=True,
                reason="from a third of the manual's 1e-3 up to 30 times it: runs of a hundred "
                "steps and networks this small want higher rates (docs/experiments/002)",
            ),
            **weight_parameters(tasks),
        },
    )


_PRESETS: Final[Mapping[str, Callable[[Sequence[str]], Space]]] = {
    "small": _small,
    "full": _full,
    "extended-small": extended_small,
    "extended": extended,
}
