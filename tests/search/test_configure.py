"""From values to a configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avq_core.config.presets import manual
from avq_core.config.training import MANUAL_TASK_WEIGHTS
from avq_core.config.values import to_dict
from avq_core.errors import ConfigError
from search.configure import (
    baseline_config,
    check_space,
    configure,
    same_but_for_run,
)
from space.parameters import Categorical, Float, Int
from space.presets import preset
from space.space import Space
from studies.points import point_of

TASKS = tuple(MANUAL_TASK_WEIGHTS)
FULL = preset("full", TASKS)


def test_fixed_settings_and_values_are_laid_over_the_manuals() -> None:
    """What neither names stays the manual's."""
    space = Space(
        name="s",
        parameters={"optim.lr": Float(low=1e-4, high=1e-2, log=True, reason="r")},
        fixed={"model.num_layers": 2},
        epochs=10,
    )
    config = configure(space, {"optim.lr": 0.002}, tasks=TASKS, epochs=10, seed=7)
    assert (config.optim.lr, config.model.num_layers, config.training.seed) == (0.002, 2, 7)
    assert config.model.hidden_dim == manual().model.hidden_dim
    assert config.training.task_weights == MANUAL_TASK_WEIGHTS


@given(st.lists(st.floats(0.1, 10), min_size=5, max_size=5), st.floats(0.5, 2))
def test_a_common_factor_of_the_weights_is_taken_out(weights: list[float], factor: float) -> None:
    """Weights sum to the manual's, and scaling all of them names the same configuration."""
    values = {f"training.task_weights.{t}": w for t, w in zip(TASKS, weights, strict=True)}
    scaled = {name: w * factor for name, w in values.items()}
    one = configure(FULL, values, tasks=TASKS, epochs=10, seed=0).training.task_weights
    two = configure(FULL, scaled, tasks=TASKS, epochs=10, seed=0).training.task_weights
    assert sum(one.values()) == pytest.approx(sum(MANUAL_TASK_WEIGHTS.values()))
    assert two == pytest.approx(dict(one))


def test_full_holds_the_manuals_point_and_small_does_not() -> None:
    """So in a full study the baseline tells the sampler something."""
    config = to_dict(baseline_config(tasks=TASKS, epochs=70, seed=0))
    point = point_of(config, FULL)
    assert point is not None
    assert point["model.hidden_dim"] == 512
    assert point["training.task_weights.cross_modal"] == 1.5
    assert point_of(config, preset("small", TASKS)) is None


def test_the_manuals_point_configures_to_the_manual() -> None:
    """Suggesting it and naming it are the same."""
    baseline = baseline_config(tasks=TASKS, epochs=70, seed=0)
    point = point_of(to_dict(baseline), FULL)
    assert point is not None
    assert same_but_for_run(configure(FULL, point, tasks=TASKS, epochs=70, seed=0), baseline)


@pytest.mark.parametrize(("epochs", "expected"), [(9, 9), (10, 10), (29, 10), (70, 70), (100, 70)])
def test_runs_end_with_a_whole_cycle(epochs: int, expected: int) -> None:
    """Epochs after the last cycle end would be spent and not judged."""
    assert baseline_config(tasks=TASKS, epochs=epochs, seed=0).training.epochs == expected


@pytest.mark.parametrize("name", ["small", "full", "extended-small", "extended"])
def test_every_point_of_the_presets_is_valid(name: str) -> None:
    """For the default tasks and for somebody else's."""
    for tasks in (TASKS, ("overall", "cross_modal", "smile")):
        check_space(preset(name, tasks), tasks=tasks, epochs=14)


@pytest.mark.parametrize("name", ["small", "full", "extended-small", "extended"])
@given(data=st.data())
def test_any_point_of_the_presets_configures(name: str, data: st.DataObject) -> None:
    """Valid by construction: no point raises, whatever the values."""
    space = preset(name, TASKS)
    values = {}
    for path, parameter in space.parameters.items():
        discrete = parameter.values()
        low, high = parameter.ends()[0], parameter.ends()[-1]
        values[path] = data.draw(
            st.sampled_from(discrete) if discrete else st.floats(float(low), float(high))
        )
    values = {path: values[path] for path in space.active(values)}
    assert space.contains(values)
    config = configure(space, values, tasks=TASKS, epochs=space.epochs, seed=0)
    assert config.model.hidden_dim % config.model.num_heads == 0


def space_of(**parameters: object) -> Space:
    return Space(name="mine", parameters=parameters, epochs=4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {
                "model.hidden_dim": Int(low=32, high=48, step=8, reason="r"),
                "model.num_heads": Categorical(choices=(4, 16), reason="r"),
            },
            "model.hidden_dim is 40, expected a multiple of model.num_heads = 16",
        ),
        ({"model.dropout": Float(low=0.0, high=1.0, reason="r")}, "model.dropout is 1.0"),
        ({"model.depth": Int(low=1, high=2, reason="r")}, "'model.depth' names no setting"),
        (
            {"training.task_weights.smile": Float(low=0.1, high=1.0, reason="r")},
            "'training.task_weights.smile' names no setting",
        ),
        ({"data.label_max": Float(low=0.1, high=1.0, reason="r")}, "the data is prepared once"),
        (
            {
                "optim.lr": Categorical(choices=(1e-2, 1e-4), reason="r"),
                "optim.min_lr": Float(low=1e-6, high=1e-3, log=True, reason="r"),
            },
            "optim.min_lr is 0.001, expected a number in",
        ),
        (
            {
                "model.hidden_dim": Int(low=1, high=900, reason="r"),
                "model.num_heads": Int(low=1, high=90, reason="r"),
            },
            "too many to check",
        ),
        ({"training.epochs": Int(low=1, high=9, reason="r")}, "follows from `epochs`"),
        ({"training.seed": Int(low=1, high=9, reason="r")}, "follows from `seed`"),
        ({"model.head": Categorical(choices=("linear", "cubic"), reason="r")}, "model.head is"),
    ],
)
def test_a_space_outside_what_the_model_can_be_is_refused(
    parameters: dict[str, object], message: str
) -> None:
    """Before the study starts, with the first point that cannot be."""
    with pytest.raises(ConfigError, match=message):
        check_space(space_of(**parameters), tasks=TASKS, epochs=4)


def test_widths_and_positions_are_checked_together() -> None:
    """An odd width is right without positions and wrong with them."""
    space = Space(
        name="mine",
        parameters={
            "model.hidden_dim": Int(low=32, high=64, reason="r"),
            "model.positions": Categorical(choices=("none", "sinusoidal"), reason="r"),
        },
        fixed={"model.num_heads": 1},
        epochs=4,
    )
    with pytest.raises(ConfigError, match=r"model.hidden_dim is 33, expected an even number"):
        check_space(space, tasks=TASKS, epochs=4)
