"""From a configuration to its point in a space, or why it has none."""

from typing import Any

import optuna
import pytest

from avq_core.config.presets import manual
from avq_core.config.training import MANUAL_TASK_WEIGHTS
from avq_core.config.values import to_dict, with_values
from search.configure import configure, same_but_for_run
from search.suggest import suggest
from space.parameters import Categorical, Float, Int
from space.presets import preset
from space.space import Space
from studies.points import coordinates, misfit, point_of

TASKS = tuple(MANUAL_TASK_WEIGHTS)
SPACE = Space(
    name="conditional",
    epochs=2,
    fixed={"model.num_layers": 2},
    parameters={
        "model.max_lag": Categorical(choices=(0, 15)),
        "model.lag_channels": Int(low=2, high=8, when={"model.max_lag": (15,)}),
        "optim.lr": Float(low=1e-4, high=1e-2, log=True),
    },
)


def config_with(**values: Any) -> dict[str, Any]:
    """The manual's configuration under SPACE's fixed setting, and others: `model__max_lag=15`."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return to_dict(with_values(manual(), {"model.num_layers": 2} | named))


def test_a_precision_that_was_decided_fits_a_space_that_leaves_it_open() -> None:
    """A trial's configuration says in which it trained; a space that fixes one holds no other."""
    for precision in ("auto", "fp32", "bf16"):
        config = config_with(training__precision=precision)
        assert misfit(config, SPACE) is None
        fixed = SPACE.changed(fixed={**SPACE.fixed, "training.precision": "fp32"})
        assert (misfit(config, fixed) is None) == (precision == "fp32")


def test_a_point_leaves_out_what_does_not_matter_there() -> None:
    """Without lags there are no channels to suggest, however many the configuration names."""
    wanted = {"model.max_lag": 0, "optim.lr": 1e-3}
    assert point_of(config_with(), SPACE) == wanted
    assert point_of(config_with(model__lag_channels=1), SPACE) == wanted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"optim__lr": 0.5}, "optim.lr is 0.5, but the space searches 0.0001 to 0.01"),
        ({"model__max_lag": 7}, "model.max_lag is 7, but the space searches one of 0, 15"),
        (
            {"model__max_lag": 15, "model__lag_channels": 9},
            "model.lag_channels is 9, but the space searches 2 to 8 in steps of 1",
        ),
        ({"model__num_layers": 3}, "model.num_layers is 3, but the space holds it at 2"),
        (
            {"model__head": "linear"},
            "model.head is 'linear', but the space leaves it at the manual's 'sigmoid'",
        ),
    ],
)
def test_the_first_setting_that_does_not_fit_is_named(changes: dict[str, Any], reason: str) -> None:
    """With what the space has for it."""
    config = config_with(**changes)
    assert misfit(config, SPACE) == reason
    assert point_of(config, SPACE) is None


def test_how_a_run_went_is_no_matter_of_the_space() -> None:
    """Seed, epochs, micro-batches, and the data, which is prepared once a study."""
    run = {
        "training__seed": 9,
        "training__epochs": 3,
        "training__micro_batch_size": 4,
        "data__clip": 5.0,
    }
    assert misfit(config_with(**run), SPACE) is None


@pytest.mark.parametrize("name", ["small", "full", "extended-small", "extended"])
def test_whatever_a_space_configures_is_a_point_of_it(name: str) -> None:
    """Recorded weights are scaled to the manual's sum, which takes some of them out of bounds."""
    space = preset(name, TASKS)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    num_outside = 0
    for _ in range(60):
        values = suggest(study.ask(), space)
        config = configure(space, values, tasks=TASKS, epochs=14, seed=0)
        weights = config.training.task_weights
        num_outside += any(
            not space.parameters[f"training.task_weights.{task}"].contains(weight)
            for task, weight in weights.items()
        )
        point = point_of(to_dict(config), space)
        assert point is not None
        assert space.contains(point)
        again = configure(space, point, tasks=TASKS, epochs=14, seed=0)
        weights_again = again.training.task_weights
        assert weights_again == pytest.approx(weights)
        same = {f"training.task_weights.{task}": weight for task, weight in weights.items()}
        assert same_but_for_run(with_values(again, same), config)
    assert num_outside > 5


def test_weights_that_are_not_searched_fix_the_factor() -> None:
    """One weight searched beside four at the manual's values comes back as it was suggested."""
    space = Space(
        name="one",
        epochs=2,
        parameters={"training.task_weights.overall": Float(low=0.5, high=8.0, log=True)},
    )
    config = configure(space, {"training.task_weights.overall": 7.5}, tasks=TASKS, epochs=2, seed=0)
    assert config.training.task_weights["overall"] < 5
    assert point_of(to_dict(config), space) == pytest.approx({"training.task_weights.overall": 7.5})
    ratio = with_values(config, {"training.task_weights.lip_sync": 5.0})
    assert "training.task_weights" in (misfit(to_dict(ratio), space) or "")


def test_ratios_beyond_the_bounds_have_no_point() -> None:
    """No common factor brings 100 to 1 into a factor of four either way."""
    config = to_dict(with_values(manual(), {"training.task_weights.overall": 130.0}))
    space = preset("full", TASKS)
    assert "task_weights" in (misfit(config, space) or "")


def test_coordinates_leave_out_what_a_configuration_lacks() -> None:
    """The weight of a task that other data does not have is for the sampler to suggest."""
    space = preset("full", TASKS)
    config = to_dict(manual(("overall", "lip_sync")))
    point = coordinates(config, space)
    weights = {path for path in point if path.startswith("training.task_weights.")}
    assert weights == {"training.task_weights.overall", "training.task_weights.lip_sync"}
