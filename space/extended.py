"""The extended spaces: besides the manual's ten settings, they search the parts of the network.

What each part is worth, and what was tried and left out, stands in docs/experiments/012.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from avq_core.config.presets import recommended
from avq_core.config.values import to_dict
from space.conditions import Scalar
from space.parameters import Categorical, Float, Int, Parameter
from space.space import Space
from space.weights import weight_parameters

_FIXED_ON_A_CPU: Final = (
    "model.embedder_scale",
    "model.norm_first",
    "optim.cycle_epochs",
    "optim.warmup_epochs",
    "optim.clip_norm",
    "training.normalise_loss",
)
"""Settings that the space for a CPU holds at the recommended values."""


def extended_small(tasks: Sequence[str]) -> Space:
    """The extended space for a CPU: small pre-norm networks, whose trials take seconds."""
    parameters = _on_a_cpu() | weight_parameters(tasks)
    return Space(
        name="extended-small",
        epochs=30,
        fixed=_recommended(_FIXED_ON_A_CPU, tasks),
        parameters=parameters,
        start=_recommended(parameters, tasks),
    )


def extended(tasks: Sequence[str]) -> Space:
    """The extended space for a GPU; it contains the manual's configuration."""
    parameters = _on_a_gpu() | weight_parameters(tasks)
    return Space(
        name="extended",
        epochs=70,
        parameters=parameters,
        start=_recommended(parameters, tasks),
    )


def _recommended(paths: Iterable[str], tasks: Sequence[str]) -> dict[str, Scalar]:
    """What `avq_core.config.presets.recommended` has for each of these settings."""
    values: dict[str, Scalar] = {}
    # Without tasks, as before the data is read, there are no weights among the paths.
    config = to_dict(recommended(tuple(tasks)) if tasks else recommended())
    for path in paths:
        section, *names = path.split(".", 2)
        value = config[section]
        for name in names:
            value = value[name]
        values[path] = value
    return values


def _on_a_cpu() -> dict[str, Parameter]:
    return {
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
            low=1e-3,
            high=2e-2,
            log=True,
            reason="from the manual's 1e-3 to 20 times it: with pre-norm, warm-up and clipped "
            "gradients short runs want 3e-3 to 1e-2 (docs/experiments/012)",
        ),
        **_parts(strides=(2, 5, 10)),
    }


def _on_a_gpu() -> dict[str, Parameter]:
    return {
        "model.hidden_dim": Int(
            low=64,
            high=512,
            step=64,
            reason="below 64 the parts beside the encoder decide the result; up to the manual's "
            "512; multiples of 64, so that every number of heads divides it",
        ),
        "model.num_layers": Int(
            low=1,
            high=6,
            reason="one layer is the least that lets frames see each other; the manual's 6 is "
            "deep for a thousand clips",
        ),
        "model.num_heads": Categorical(
            choices=(2, 4, 8, 16),
            reason="the manual's 16 and halves of it; all divide every width, which leaves a "
            "head at least 4 wide",
        ),
        "model.dropout": Float(
            low=0.0,
            high=0.6,
            reason="none at all, up to twice the manual's 0.3; beyond, too little passes on",
        ),
        "optim.lr": Float(
            low=2e-5,
            high=1e-2,
            log=True,
            reason="the manual's 1e-3 is high for six post-norm layers, so much room lies below "
            "it; small pre-norm networks want up to 1e-2",
        ),
        **_parts(strides=(1, 2, 5)),
        "model.norm_first": Categorical(
            choices=(False, True),
            reason="post-norm as the manual has it, or pre-norm, which trains without collapse "
            "at higher rates",
        ),
        "model.embedder_scale": Categorical(
            choices=(0.25, 1.0),
            reason="the manual's inner widths, or a quarter of them, which some hundred clips "
            "fill as well",
        ),
        "optim.clip_norm": Categorical(
            choices=(None, 5.0),
            reason="no bound as the manual, or one that only a diverging gradient reaches",
        ),
        "optim.warmup_epochs": Categorical(
            choices=(0.0, 1.0),
            reason="none as the manual, or one epoch, which is enough for the first steps",
        ),
        "training.normalise_loss": Categorical(
            choices=(False, True),
            reason="with it, tasks whose labels vary little count as much as the others",
        ),
    }


def _parts(*, strides: tuple[int, ...]) -> dict[str, Parameter]:
    """The parts of the network that both spaces search, including the manual's value of each."""
    lags = {"model.max_lag": (15,)}
    return {
        "optim.weight_decay": Float(
            low=1e-3,
            high=0.5,
            log=True,
            reason="from a tenth of the manual's 0.01 up to where it has an effect in runs of a few "
            "hundred steps",
        ),
        "model.frame_stride": Categorical(
            choices=strides,
            reason="the encoder mainly needs slow changes, so fewer frames cost little; the paths "
            "beside it read all frames",
        ),
        "model.positions": Categorical(
            choices=("none", "sinusoidal"),
            reason="none as the manual, whose network ignores the order of frames",
        ),
        "model.pooling": Categorical(
            choices=("mean", "mean_std", "attention"),
            reason="the manual's mean; mean and deviation, which measures movement; both weighted by "
            "attention",
        ),
        "model.fusion": Categorical(
            choices=("mean", "gated", "concat"),
            reason="the manual's mean of streams; a mean weighted by gates; or concatenation",
        ),
        "model.input_dropout": Float(
            low=0.0,
            high=0.5,
            reason="none as the manual, up to half, since there are thousands of columns and hundreds "
            "of labels",
        ),
        "model.statistics_width": Categorical(
            choices=(0, 16, 64),
            reason="none as the manual; wider than 64 gained nothing on the data at hand",
        ),
        "model.max_lag": Categorical(
            choices=(0, 15),
            reason="none as the manual, or half a second at 30 frames a second: with larger offsets "
            "sound and picture are clearly apart",
        ),
        "model.lag_channels": Categorical(
            choices=(2, 4, 8),
            reason="only a few things move with the sound: lips, jaw, head; each needs a projection",
            when=lags,
        ),
        "model.lag_contents": Categorical(
            choices=(False, True),
            reason="how well streams agree helps some tasks and lets others overfit",
            when=lags,
        ),
        "model.lag_powers": Categorical(
            choices=(False, True),
            reason="how much projections move helps some tasks and lets others overfit",
            when=lags,
        ),
        "model.head": Categorical(
            choices=("sigmoid", "linear"),
            reason="the manual's sigmoid stays inside the train range, and saturates there",
        ),
        "training.frame_crop": Float(
            low=0.4,
            high=1.0,
            reason="no augmentation as the manual, down to windows of two fifths of a clip, which "
            "are just long enough to judge a score",
        ),
    }
