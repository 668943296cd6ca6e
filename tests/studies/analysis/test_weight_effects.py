"""Correlations of task weights with R²: shares of the sum, and corrected for looking at many."""

import dataclasses

import pytest
from made_records import TASKS, at_best, made_study

from studies.analysis.weight_effects import MIN_TRIALS, Effect, weight_effects, weight_sentences
from studies.records.study import StudyRecord


def with_effect(study: StudyRecord) -> StudyRecord:
    """The R² of overall is the share of its weight."""
    trials = []
    for trial in study.trials:
        weights = (trial.config or {})["training"]["task_weights"]
        share = weights["overall"] / sum(weights.values())
        trials.append(at_best(trial, r2={**trial.r2, "overall": share}))
    return dataclasses.replace(study, trials=trials)


def test_a_weight_that_decides_the_r2_of_its_task_stands_out() -> None:
    """With a correlation of 1, whatever the common factor of all weights."""
    study = with_effect(made_study())
    effects = {(e.weight_of, e.r2_of): e for e in weight_effects(study)}
    assert len(effects) == len(TASKS) ** 2
    effect = effects["overall", "overall"]
    assert effect.correlation == pytest.approx(1)
    assert effect.stands_out
    assert (
        "weight of overall and R² of overall (+1.00)" in weight_sentences(list(effects.values()))[1]
    )


def test_where_weights_do_nothing_nothing_stands_out() -> None:
    """Of nine pairs one would at 5 % each now and then; corrected it does not."""
    effects = weight_effects(made_study())
    assert not any(effect.stands_out for effect in effects)
    assert weight_sentences(effects)[1].startswith("Nothing stands out of 9 pairs")


def test_too_few_trials_say_nothing() -> None:
    """Nor do those of a search that held all weights fixed."""
    assert weight_effects(made_study(trials=MIN_TRIALS)) == []
    assert weight_sentences([]) == []
    study = made_study()
    fixed = {"training": {"task_weights": dict.fromkeys(TASKS, 1.0)}}
    trials = [dataclasses.replace(trial, config=fixed) for trial in study.trials]
    assert weight_effects(dataclasses.replace(study, trials=trials)) == []


def test_numbers_of_trials_are_told_as_a_range_where_they_differ() -> None:
    """The R² of a task may be undefined in some trials."""

    def effect(number: int) -> Effect:
        return Effect(
            weight_of="a", r2_of="b", correlation=0.1, num_trials=number, stands_out=False
        )

    assert "over 9 to 40 complete trials" in weight_sentences([effect(9), effect(40)])[0]
