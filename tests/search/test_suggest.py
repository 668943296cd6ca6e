"""From a space to a trial's values, and from a configuration to its point."""

from avq_core.config import manual
from avq_core.config_values import to_dict
from search.suggest import point_of
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


def test_the_manuals_point_leaves_out_what_does_not_matter_there() -> None:
    """Without lags it has no channels to suggest."""
    assert point_of(to_dict(manual()), SPACE) == {"model.max_lag": 0, "optim.lr": 1e-3}
