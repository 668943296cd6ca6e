"""Importance: a hyperparameter that decides the score is above chance, others are not."""

import dataclasses
import random

import optuna
import pytest
from made_records import at_best, made_study
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from studies.analysis.importance import (
    MIN_TRIALS,
    Importance,
    distribution_of,
    importance,
    importance_sentences,
    importance_table,
)
from studies.records.provenance import SearchedParameter, SearchedSpace


@pytest.fixture(scope="module")
def small() -> Importance:
    """Of the made study's 22 complete trials."""
    return importance(made_study())


@pytest.fixture(scope="module")
def large() -> Importance:
    """Of three times as many."""
    return importance(made_study(trials=120))


def test_what_decides_the_score_is_above_chance_and_the_rest_is_not(large: Importance) -> None:
    """Under the made studies lies a parabola of the learning rate, and noise."""
    importances = large
    assert importances.hyperparameters[0].name == "optim.lr"
    assert [weight.name for weight in importances.hyperparameters if weight.stands_out] == [
        "optim.lr"
    ]
    assert sum(weight.share for weight in importances.hyperparameters) == pytest.approx(1)


def test_importances_belong_to_their_hyperparameters() -> None:
    """In whatever order trials name them: here the deciding one comes last."""
    study = made_study(trials=80)
    turned = [dataclasses.replace(t, params=dict(reversed(t.params.items()))) for t in study.trials]
    names = {n: f"z.{n}" if n == "optim.lr" else n for t in turned for n in t.params}
    trials = [
        dataclasses.replace(t, params={names[n]: v for n, v in t.params.items()}) for t in turned
    ]
    importances = importance(dataclasses.replace(study, trials=trials, space=SearchedSpace()))
    assert importances.hyperparameters[0].name == "z.optim.lr"


@pytest.mark.slow
def test_intervals_contain_the_share_and_are_reproducible(small: Importance) -> None:
    """Between nothing and all."""
    assert small == importance(made_study())
    assert all(0 <= w.low <= w.high <= 1 for w in small.hyperparameters)
    first = small.hyperparameters[0]
    assert first.low <= first.share <= first.high


def test_a_conditional_hyperparameter_is_estimated_and_says_how_many_have_it(
    small: Importance,
) -> None:
    """Though some trials lack it."""
    study = made_study()
    counts = {weight.name: weight.num_trials for weight in small.hyperparameters}
    have = [t for t in study.trials if t.state == "complete" and "model.lag_channels" in t.params]
    assert counts["model.lag_channels"] == len(have) < counts["optim.lr"]


def test_one_terrible_trial_changes_little(small: Importance) -> None:
    """Ranks are weighed: -40 is as bad as the worst by a little."""
    study = made_study()
    worst = min(
        (t for t in study.trials if t.state == "complete" and t.params),
        key=lambda t: t.score or 0.0,
    )
    bad = at_best(worst, score=-40.0)
    trials = [bad if trial is worst else trial for trial in study.trials]
    assert importance(dataclasses.replace(study, trials=trials)) == small


def test_of_too_few_trials_it_says_that_they_are() -> None:
    """Nor of trials that all have one score."""
    few = importance(made_study(trials=8))
    assert few.num_trials < MIN_TRIALS
    assert importance_table(few) is None
    (sentence,) = importance_sentences(few)
    assert sentence.startswith(f"{few.num_trials} complete trial(s)")
    assert "too few" in sentence
    study = made_study()
    same = [at_best(trial, score=0.5) for trial in study.trials]
    assert importance(dataclasses.replace(study, trials=same)).hyperparameters == []


def test_words_say_how_many_trials_and_what_stands_out(large: Importance) -> None:
    """So that a reader knows how far to trust a bar."""
    method, result = importance_sentences(large)
    assert method.startswith(f"From {large.num_trials} complete trials")
    assert result == "Above chance: optim.lr."
    table = importance_table(large)
    assert table is not None
    assert table.rows[0][0] == "optim.lr"
    assert table.rows[0][-1] == "above chance"


def test_nothing_is_said_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """Optuna tells of each study that it makes, unless it is asked not to."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        importance(made_study())
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr().err == ""


def test_distributions_are_the_spaces_or_around_the_values() -> None:
    """Also where a study names no space, or outgrew it."""
    whole = SearchedParameter.decode({"type": "int", "low": 2, "high": 8, "step": 2, "log": False})
    assert distribution_of(whole, [2, 4]) == IntDistribution(2, 8, step=2)
    assert distribution_of(whole, [2, 3]) == FloatDistribution(2, 3)
    assert distribution_of(whole, [2, 10]) == FloatDistribution(2, 10)
    real = SearchedParameter.decode({"type": "float", "low": 0.1, "high": 1.0, "log": True})
    assert distribution_of(real, [0.2]) == FloatDistribution(0.1, 1.0, log=True)
    choice = SearchedParameter.decode({"type": "categorical", "choices": ["a", "b"]})
    assert distribution_of(choice, ["a"]) == CategoricalDistribution(["a", "b"])
    assert distribution_of(choice, ["c"]) == CategoricalDistribution(["c"])
    assert distribution_of(None, [True, False]) == CategoricalDistribution([False, True])


@pytest.mark.slow
def test_where_nothing_matters_little_is_said_to() -> None:
    """In about 5 of 100 studies something is above chance by chance."""
    false = 0
    for seed in range(5):
        chance = random.Random(seed)
        study = made_study(trials=30)
        trials = [at_best(t, score=chance.gauss(0, 1)) for t in study.trials]
        importances = importance(dataclasses.replace(study, trials=trials))
        false += any(weight.stands_out for weight in importances.hyperparameters)
    assert false <= 2
