"""Our sampler under Optuna's own suite, and with what our studies hold."""

import warnings
from collections.abc import Callable

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import BasicSamplerTestCase

from avq_core.errors import ConfigError
from search.sampler import make_sampler
from studies import records


@pytest.mark.filterwarnings("ignore")
class TestOurSampler(BasicSamplerTestCase):
    """Optuna's conformance suite."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        """What the suite makes samplers with."""
        return lambda: make_sampler("tpe", 0)


def test_a_trial_without_parameters_does_not_blind_the_sampler() -> None:
    """The manual's trial in a space that does not hold it leaves TPE multivariate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(sampler=make_sampler("tpe", 0))
        study.enqueue_trial({}, user_attrs={records.BASELINE: True})

        def objective(trial: optuna.Trial) -> float:
            if trial.user_attrs.get(records.BASELINE):
                return 5.0
            x, y = trial.suggest_float("x", -2, 2), trial.suggest_float("y", -2, 2)
            return float((x - y) ** 2 + x**2)

        study.optimize(objective, n_trials=30)
        frozen = study.trials[-1]
        relative = study.sampler.infer_relative_search_space(study, frozen)
    assert set(relative) == {"x", "y"}
    assert isinstance(relative["x"], FloatDistribution)


def test_the_same_seed_suggests_the_same() -> None:
    """One worker's study is a function of its seed."""

    def values(seed: int) -> list[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(sampler=make_sampler("tpe", seed))
            study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=25)
        return [trial.params["x"] for trial in study.trials]

    assert values(1) == values(1)
    assert values(1) != values(2)


def test_an_unknown_sampler_is_named_with_those_there_are() -> None:
    """One line for a slip of the finger."""
    with pytest.raises(ConfigError, match="--sampler is 'tpee', expected one of tpe, random"):
        make_sampler("tpee", 0)
