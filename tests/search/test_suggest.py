"""From a space to a trial's values, and from a configuration to its point."""

import optuna
import pytest

from avq_core.config import manual
from avq_core.config_values import to_dict
from search.sampler import make_sampler
from search.suggest import point_of, suggest
from space.parameters import Categorical, Float, Int
from space.space import Space

SPACE = Space(
    name="conditional",
    epochs=2,
    parameters={
        "model.max_lag": Categorical(choices=(0, 15)),
        "model.lag_channels": Int(low=2, high=8, when={"model.max_lag": (15,)}),
        "optim.lr": Float(low=1e-4, high=1e-2, log=True),
    },
)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_every_suggestion_is_a_point_of_the_space(sampler: str) -> None:
    """Whatever the sampler knows, conditional parameters are asked for only where they matter."""
    study = optuna.create_study(sampler=make_sampler(sampler, 0), direction="maximize")
    found = []
    for _ in range(60):
        trial = study.ask()
        values = suggest(trial, SPACE)
        found.append(values)
        study.tell(trial, values["optim.lr"])
    assert all(map(SPACE.contains, found))
    assert {"model.lag_channels" in values for values in found} == {True, False}


def test_the_manuals_point_leaves_out_what_does_not_matter_there() -> None:
    """Without lags it has no channels to suggest."""
    assert point_of(to_dict(manual()), SPACE) == {"model.max_lag": 0, "optim.lr": 1e-3}
