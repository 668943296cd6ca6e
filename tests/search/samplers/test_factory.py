"""Our samplers: Optuna's own suite, and what our studies hold: conditions, baselines, pruned trials."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import BasicSamplerTestCase
from optuna.trial import TrialState
from storages import new_storage

from search.samplers.factory import make_sampler
from search.settings import SAMPLERS
from search.suggest import suggest
from space.parameters import Categorical, Float, Int
from space.space import Space
from studies.records import attributes
from studies.storage.open import open_storage

SPACE = Space(
    name="conditional",
    epochs=2,
    parameters={
        "model.max_lag": Categorical(choices=(0, 15)),
        "model.lag_channels": Int(low=2, high=8, when={"model.max_lag": (15,)}),
        "model.fusion": Categorical(choices=("mean", "gated", "concat")),
        "model.num_layers": Int(low=1, high=3),
        "optim.lr": Float(low=1e-4, high=1e-2, log=True),
        "model.dropout": Float(low=0.0, high=0.5),
    },
)
PLANE = Space(
    name="plane",
    epochs=1,
    parameters={
        "a.x": Float(low=-2.0, high=2.0),
        "a.y": Float(low=-2.0, high=2.0),
        "a.n": Int(low=-5, high=5),
    },
)
PAST = 26
"""Trials that have been tried when a test looks at a suggestion: more than any sampler starts with."""


def score(values: dict[str, Any]) -> float:
    """Best without dropout, with lags, at a high rate."""
    return float(values["optim.lr"] * 50 - values["model.dropout"] + values["model.max_lag"] / 15)


def run_past(study: optuna.Study, sampler: str, *, num: int = PAST) -> list[dict[str, Any]]:
    """A study as ours are: the manual's trial without parameters, pruned, diverged, failed ones."""
    study.enqueue_trial({}, user_attrs={attributes.BASELINE: True})
    suggested = []
    for number in range(num):
        study.sampler = make_sampler(sampler, SPACE, seed=3, number=number)
        trial = study.ask()
        if trial.user_attrs.get(attributes.BASELINE):
            study.tell(trial, 0.1)
            continue
        values = suggest(trial, SPACE)
        suggested.append(values)
        if number % 11 == 5:
            study.tell(trial, state=TrialState.FAIL)
        elif number % 11 == 7:
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 3 == 0:
            trial.report(score(values) / 2, step=1)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            trial.report(score(values) / 2, step=1)
            study.tell(trial, score(values))
    return suggested


def suggestion(study: optuna.Study, sampler: str, *, number: int) -> dict[str, Any]:
    """What a trial is suggested whose sampler was made for the number; the trial fails."""
    study.sampler = make_sampler(sampler, SPACE, seed=3, number=number)
    trial = study.ask()
    values = suggest(trial, SPACE)
    study.tell(trial, state=TrialState.FAIL)
    return values


@pytest.mark.filterwarnings("ignore")
class TestOurTPE(BasicSamplerTestCase):
    """Optuna's conformance suite."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        """What the suite makes samplers with."""
        return lambda: make_sampler("tpe", SPACE, seed=0, number=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_suggestion_is_a_point_of_the_space(
    sampler: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside a baseline without parameters, pruned, diverged and failed trials; and without noise."""
    study = optuna.create_study(direction="maximize")
    optuna.logging.enable_propagation()
    try:
        suggested = run_past(study, sampler)
    finally:
        optuna.logging.disable_propagation()
    assert all(map(SPACE.contains, suggested))
    assert {"model.lag_channels" in values for values in suggested} == {True, False}
    assert "independent" not in caplog.text.lower()
    assert len({tuple(values.items()) for values in suggested}) == len(suggested)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_suggestion_follows_from_the_study_and_the_number(sampler: str) -> None:
    """Two copies of a study suggest the same; workers that claim two numbers at once do not."""
    past = optuna.create_study(direction="maximize")
    run_past(past, sampler)

    def copy() -> optuna.Study:
        study = optuna.create_study(direction="maximize")
        study.add_trials(past.trials)
        return study

    first, again = (suggestion(copy(), sampler, number=PAST) for _ in range(2))
    assert first == again
    # As if two workers saw the same study.
    assert suggestion(copy(), sampler, number=PAST + 1) != first


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_study_goes_on_from_its_storage(sampler: str, tmp_path: Path) -> None:
    """What a sampler knows is read from SQLite; another process would suggest the same."""
    url = new_storage(tmp_path, "tiny")
    with warnings.catch_warnings():
        # Heartbeats want `optimize`, which a test that looks at suggestions has no use for.
        warnings.simplefilter("ignore", UserWarning)
        study = optuna.create_study(
            study_name="tiny", storage=open_storage(url), direction="maximize"
        )
        run_past(study, sampler)
        elsewhere = optuna.load_study(study_name="tiny", storage=open_storage(url))
        values = suggestion(elsewhere, sampler, number=PAST)
    memory = optuna.create_study(direction="maximize")
    run_past(memory, sampler)
    assert values == pytest.approx(suggestion(memory, sampler, number=PAST))


@pytest.mark.parametrize(
    ("sampler", "modelled"),
    [
        ("gp", set(SPACE.parameters)),
        ("cmaes", {"model.num_layers", "optim.lr", "model.dropout"}),
        ("tpe", set(SPACE.parameters)),
        ("qmc", set(SPACE.parameters)),
    ],
)
def test_a_trial_without_parameters_does_not_blind_the_sampler(
    sampler: str, modelled: set[str]
) -> None:
    """Optuna's own would model what all trials share, which is nothing then."""
    study = optuna.create_study(direction="maximize")
    run_past(study, sampler)
    mine = make_sampler(sampler, SPACE, seed=3, number=PAST)
    relative = mine.infer_relative_search_space(study, study.trials[-1])
    assert set(relative) == modelled
    assert isinstance(relative["optim.lr"], FloatDistribution)


def test_cmaes_keeps_its_state_in_the_trials() -> None:
    """Each trial has a sampler of its own, and generations go on all the same."""
    study = optuna.create_study(direction="maximize")
    run_past(study, "cmaes", num=60)
    generations = [
        t.system_attrs["cmawm:generation"]
        for t in study.trials
        if "cmawm:generation" in t.system_attrs
    ]
    assert generations == sorted(generations)
    assert generations[-1] >= 4


def test_cmaes_with_a_single_number_leaves_it_to_tpe() -> None:
    """A covariance needs two."""
    space = Space(
        name="one",
        epochs=1,
        parameters={"a.x": Float(low=0.0, high=1.0), "a.c": Categorical(choices=(1, 2))},
    )
    study = optuna.create_study(direction="maximize")
    for number in range(3):
        study.sampler = make_sampler("cmaes", space, seed=0, number=number)
        trial = study.ask()
        study.tell(trial, suggest(trial, space)["a.x"])
    assert len({trial.params["a.x"] for trial in study.trials}) == 3


def test_the_sobol_start_walks_one_sequence() -> None:
    """Sixteen trials in a row of it fill each sixteenth of every range once; chance would not."""
    study = optuna.create_study(direction="maximize")
    drawn = []
    for number in range(16):
        study.sampler = make_sampler("qmc", PLANE, seed=1, number=number)
        trial = study.ask()
        drawn.append(suggest(trial, PLANE))
        study.tell(trial, 0.0)
    for name in ("a.x", "a.y"):
        assert sorted(int((values[name] + 2) * 4) for values in drawn) == list(range(16))


def best_of(sampler: str, seed: int) -> float:
    """The best of 40 trials on a quadratic bowl of two floats and an integer; 0 is the optimum."""
    study = optuna.create_study(direction="maximize")
    for number in range(40):
        study.sampler = make_sampler(sampler, PLANE, seed=seed, number=number)
        trial = study.ask()
        v = suggest(trial, PLANE)
        slope = (v["a.y"] + v["a.x"] / 2) ** 2
        study.tell(trial, -((v["a.x"] - 0.7) ** 2 + slope + (v["a.n"] - 2) ** 2 / 10))
    return study.best_value


@pytest.mark.parametrize(
    ("sampler", "seeds"), [("tpe", 6), ("cmaes", 6), pytest.param("gp", 2, marks=pytest.mark.slow)]
)
def test_samplers_that_learn_beat_chance(sampler: str, seeds: int) -> None:
    """By half of what is left to the optimum, in the mean."""
    chance = sum(best_of("random", seed) for seed in range(seeds)) / seeds
    learnt = sum(best_of(sampler, seed) for seed in range(seeds)) / seeds
    assert learnt > chance / 2


def test_an_unknown_sampler_is_named_with_those_there_are() -> None:
    """One line for a slip of the finger."""
    with pytest.raises(ValueError, match="sampler is 'tpee', expected one of tpe, gp, cmaes"):
        make_sampler("tpee", SPACE, seed=0, number=0)


STARTED = Space(
    name="started",
    epochs=2,
    parameters=SPACE.parameters,
    start={
        "model.max_lag": 0,
        "model.fusion": "gated",
        "model.num_layers": 1,
        "optim.lr": 1e-4,
        "model.dropout": 0.0,
    },
)
"""Where nobody would begin: in a corner, without lags."""


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_half_of_the_opening_is_drawn_near_the_start(sampler: str) -> None:
    """Trials of even number, before the model has enough trials; what the start lacks is drawn all the same."""

    def drawn(numbers: range, space: Space) -> list[dict[str, Any]]:
        study = optuna.create_study(direction="maximize")
        suggested = []
        for number in numbers:
            study.sampler = make_sampler(sampler, space, seed=5, number=number)
            suggested.append(suggest(study.ask(), space))
        return suggested

    near = drawn(range(0, 400, 2), STARTED)
    assert all(map(SPACE.contains, near))
    dropout = [values["model.dropout"] for values in near]
    assert sum(dropout) / len(dropout) == pytest.approx(0.09, abs=0.02)
    with_lags = [values for values in near if values["model.max_lag"]]
    assert len(with_lags) / len(near) == pytest.approx(1 / 5, abs=0.08)
    assert {values["model.lag_channels"] for values in with_lags} > {2, 8}
    odd = range(1, 200, 2)
    assert drawn(odd, STARTED) == drawn(odd, SPACE)
    assert drawn(range(0, 40, 2), SPACE) != near[:20]


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_what_was_observed_counts_for_more_than_the_start(sampler: str) -> None:
    """After the opening both halves are the model's own."""
    study = optuna.create_study(direction="maximize")
    run_past(study, sampler)
    for number in (PAST, PAST + 1):
        trials = study.trials
        by_model = []
        for space in (SPACE, STARTED):
            again = optuna.create_study(direction="maximize")
            again.add_trials(trials)
            again.sampler = make_sampler(sampler, space, seed=3, number=number)
            by_model.append(suggest(again.ask(), space))
        assert by_model[0] == by_model[1]
