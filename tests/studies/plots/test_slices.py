"""The score against each setting."""

import dataclasses

import plotly.graph_objects as go
from made_records import made_study

from studies.plots.slices import choices_of, slices
from studies.records.provenance import SearchedSpace
from studies.records.study import StudyRecord


def by_name(study: StudyRecord) -> dict[str, go.Figure]:
    """Plots by their titles."""
    return {drawn.layout.title.text: drawn for drawn in slices(study)}


def test_every_searched_hyperparameter_has_a_plot_in_the_order_of_the_space() -> None:
    """Then those that the space does not name."""
    names = list(by_name(made_study()))
    assert names[:5] == ["lr", "num_layers", "pooling", "max_lag", "lag_channels"]
    assert names[5:] == ["weight of lip_sync", "weight of cross_modal", "weight of overall"]


def test_a_conditional_setting_is_drawn_of_the_trials_that_have_it() -> None:
    """The others were not asked for it."""
    study = made_study()
    drawn = by_name(study)["lag_channels"]
    have = [trial for trial in study.trials if "model.lag_channels" in trial.params]
    assert 0 < len(have) < len(study.trials)
    assert sum(len(trace.x) for trace in drawn.data) == len(have)


def test_axes_are_logarithmic_where_the_space_says_so() -> None:
    """Of the learning rate, not of the layers."""
    plots = by_name(made_study())
    assert plots["lr"].layout.xaxis.type == "log"
    assert plots["num_layers"].layout.xaxis.type is None
    assert list(plots["num_layers"].layout.xaxis.tickvals) == [1, 2, 3]


def test_choices_stand_side_by_side_with_their_medians() -> None:
    """Numbers that are choices too."""
    plots = by_name(made_study())
    assert list(plots["pooling"].layout.xaxis.ticktext) == ["mean", "attention"]
    assert list(plots["max_lag"].layout.xaxis.ticktext) == ["0", "15"]
    assert plots["pooling"].data[0].marker.symbol == "line-ew"
    assert list(plots["pooling"].data[0].x) == [0, 1]


def test_a_study_whose_space_is_not_noted_is_drawn_from_its_values() -> None:
    """Words stand side by side, numbers on a plain axis."""
    plots = by_name(dataclasses.replace(made_study(), space=SearchedSpace()))
    assert list(plots["pooling"].layout.xaxis.ticktext) == ["attention", "mean"]
    assert plots["lr"].layout.xaxis.type is None


def test_a_value_that_the_space_no_longer_lists_gets_a_place() -> None:
    """Behind those that it does."""
    pooling = made_study().space.parameters["model.pooling"]
    assert choices_of(pooling, ["mean", "max"]) == ["mean", "attention", "max"]
    assert choices_of(None, [1, 2.5]) is None
    assert choices_of(None, [True, False]) == [False, True]
