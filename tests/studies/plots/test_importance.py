"""Bars of importance, with intervals and the mark of chance."""

import pytest
from made_records import made_study

from studies.analysis.importance import HyperparameterImportance, Importance
from studies.plots.importance import importance, importance_bars


def test_bars_are_apart_by_chance_and_the_most_important_is_on_top() -> None:
    """Solid above chance, hatched below it; each with its interval."""
    weights = [
        HyperparameterImportance(
            name="optim.lr", share=0.6, low=0.5, high=0.8, chance=0.2, num_trials=40
        ),
        HyperparameterImportance(
            name="other.lr", share=0.4, low=0.1, high=0.5, chance=0.45, num_trials=31
        ),
    ]
    above, below, chance = importance_bars(Importance(num_trials=40, hyperparameters=weights)).data
    assert list(above.y) == ["optim.lr"]
    assert list(below.y) == ["other.lr"]
    assert below.marker.pattern.shape == "/"
    assert above.error_x.array[0] == pytest.approx(0.2)
    assert above.error_x.arrayminus[0] == pytest.approx(0.1)
    assert list(chance.x) == [0.45, 0.2]
    assert "31 trials have it" in below.hovertext[0]


def test_settings_that_end_alike_keep_bars_of_their_own() -> None:
    """Only what is written is short."""
    axis = importance(made_study()).layout.yaxis
    assert "lr" in axis.ticktext
    assert "optim.lr" in axis.categoryarray


def test_of_too_few_trials_nothing_is_drawn() -> None:
    """The report says why."""
    assert importance(made_study(trials=6)) is None
