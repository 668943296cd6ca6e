"""The space as distributions: the same that a trial is asked for."""

import optuna
import pytest

from avq_core.config.training import MANUAL_TASK_WEIGHTS
from search.suggest import suggest
from space.presets import preset
from studies.distributions import distributions_of


@pytest.mark.parametrize("name", ["small", "full", "extended-small", "extended"])
def test_samplers_are_told_what_trials_are_asked(name: str) -> None:
    """Optuna refuses a suggestion of another distribution."""
    space = preset(name, tuple(MANUAL_TASK_WEIGHTS))
    distributions = distributions_of(space)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(5):
        trial = study.ask()
        suggest(trial, space)
        asked = study.trials[-1].distributions
        assert asked == {name: distributions[name] for name in asked}
    assert list(distributions) == list(space.parameters)
