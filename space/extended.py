"""The spaces beyond the manual's ten settings: what a network is made of, not only how large it is.

What each part is worth, and what was tried and left out, stands in docs/experiments/012.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from space.parameters import Categorical, Float, Int, Parameter
from space.space import Space
from space.weights import MANUAL_WEIGHTS, weight_parameters

_START: Final[Mapping[str, Any]] = {
    "model.hidden_dim": 64,
    "model.num_layers": 2,
    "model.num_heads": 4,
    "model.dropout": 0.2,
    "optim.lr": 6e-3,
    "optim.weight_decay": 0.05,
    "model.frame_stride": 5,
    "model.positions": "sinusoidal",
    "model.pooling": "mean_std",
    "model.fusion": "mean",
    "model.input_dropout": 0.0,
    "model.statistics_width": 64,
    "model.max_lag": 15,
    "model.lag_channels": 4,
    "model.lag_contents": False,
    "model.lag_powers": False,
    "model.head": "linear",
    "training.frame_crop": 0.6,
}
"""`avq_core.config.training.recommended`, as far as it is searched."""


def extended_small(tasks: Sequence[str]) -> Space:
    """For a CPU: trials of seconds, pre-norm throughout."""
    weights = weight_parameters(tasks)
    return Space(
        name="extended-small",
        epochs=30,
        fixed={
            "model.embedder_scale": 0.25,
            "model.norm_first": True,
            "optim.cycle_epochs": 2,
            "optim.warmup_epochs": 1.0,
            "optim.clip_norm": 5.0,
            "training.normalise_loss": True,
        },
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
                low=1e-3,
                high=2e-2,
                log=True,
                reason="from the manual's 1e-3 to 20 times it: with pre-norm, warm-up and clipped "
                "gradients short runs want 3e-3 to 1e-2 (docs/experiments/012)",
            ),
            **_parts(strides=(2, 5, 10)),
            **weights,
        },
        start={**_START, **{path: MANUAL_WEIGHTS.get(_task(path), 1.0) for path in weights}},
    )


def extended(tasks: Sequence[str]) -> Space:
    """For a GPU, around the manual's point, which it holds."""
    weights = weight_parameters(tasks)
    return Space(
        name="extended",
        epochs=70,
        parameters={
            "model.hidden_dim": Int(
                low=64,
                high=512,
                step=64,
                reason="from where the parts beside the encoder carry most of the result up to the "
                "manual's 512; multiples of 64, so that every number of heads divides it",
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
                reason="no bound as the manual, or one that only a gradient about to diverge meets",
            ),
            "optim.warmup_epochs": Categorical(
                choices=(0.0, 1.0),
                reason="none as the manual, or one epoch, which is enough to spare the first steps",
            ),
            "training.normalise_loss": Categorical(
                choices=(False, True),
                reason="with it a task whose labels vary little counts as much as any other",
            ),
            **weights,
        },
        start={
            **_START,
            "model.norm_first": True,
            "model.embedder_scale": 0.25,
            "optim.clip_norm": 5.0,
            "optim.warmup_epochs": 1.0,
            "training.normalise_loss": True,
            **{path: MANUAL_WEIGHTS.get(_task(path), 1.0) for path in weights},
        },
    )


def _parts(*, strides: tuple[int, ...]) -> dict[str, Parameter]:
    """What both spaces search of a network's parts; the manual's value of each is among them."""
    lags = {"model.max_lag": (15,)}
    return {
        "optim.weight_decay": Float(
            low=1e-3,
            high=0.5,
            log=True,
            reason="a tenth of the manual's 0.01, up to where it is felt in runs of some hundred "
            "steps",
        ),
        "model.frame_stride": Categorical(
            choices=strides,
            reason="what is left for the encoder changes slowly, so fewer frames cost little; the "
            "paths beside it read them all",
        ),
        "model.positions": Categorical(
            choices=("none", "sinusoidal"),
            reason="none as the manual, which is then blind to the order of the frames",
        ),
        "model.pooling": Categorical(
            choices=("mean", "mean_std", "attention"),
            reason="the manual's mean; with the deviation, which tells how much there is movement; "
            "both weighted by attention",
        ),
        "model.fusion": Categorical(
            choices=("mean", "gated", "concat"),
            reason="the manual's mean of streams; weighted by themselves; or side by side",
        ),
        "model.input_dropout": Float(
            low=0.0,
            high=0.5,
            reason="none as the manual, up to half: thousands of columns stand against hundreds of "
            "labels",
        ),
        "model.statistics_width": Categorical(
            choices=(0, 16, 64),
            reason="none as the manual; wider than 64 gained nothing on the data at hand",
        ),
        "model.max_lag": Categorical(
            choices=(0, 15),
            reason="none as the manual, or half a second at 30 frames a second: wider offsets "
            "nobody takes for the same moment",
        ),
        "model.lag_channels": Categorical(
            choices=(2, 4, 8),
            reason="what moves together is few things: lips, jaw, head; each has a projection",
            when=lags,
        ),
        "model.lag_contents": Categorical(
            choices=(False, True),
            reason="how well streams agree matters to some tasks and lets others overfit",
            when=lags,
        ),
        "model.lag_powers": Categorical(
            choices=(False, True),
            reason="how much projections move matters to some tasks and lets others overfit",
            when=lags,
        ),
        "model.head": Categorical(
            choices=("sigmoid", "linear"),
            reason="the manual's sigmoid stays inside the train range, and saturates there",
        ),
        "training.frame_crop": Float(
            low=0.4,
            high=1.0,
            reason="no augmentation as the manual, down to windows of two fifths of a clip, in "
            "which a score is just about to be told",
        ),
    }


def _task(path: str) -> str:
    return path.rsplit(".", 1)[-1]
