"""`studies.dashboard.plots`: the study's plots as optuna-dashboard stores them."""

import json
from pathlib import Path

import pytest
from browser.make_believe import make_study

from studies.dashboard.plots import MADE_OF, plot_attributes
from studies.records import attributes
from studies.records.read import read_study

NAMES = {"history", "front", "importance", "pruning", "weights", "curves-cross-modal"}


@pytest.mark.slow
def test_a_study_has_all_plots_and_keeps_them(runs: Path) -> None:
    """Nothing is left to write where nothing is new; a new trial makes them anew."""
    study = make_study(runs, "made", trials=40)
    record = read_study(study)
    made = plot_attributes(record, {}) | plot_attributes(record, {}, slow=True)
    plots = {key.split(":")[2]: text for key, text in made.items() if MADE_OF not in key}
    assert {f"avq-{name}" for name in NAMES} <= set(plots)
    for text in plots.values():
        drawn = json.loads(text)
        assert drawn["data"]
        assert "height" not in drawn["layout"]
    for slow in (False, True):
        assert plot_attributes(record, made, slow=slow) == {}
    study.add_trial(study.trials[5])
    again = plot_attributes(read_study(study), made)
    assert again[f"{MADE_OF}quick"] != made[f"{MADE_OF}quick"]


def test_one_watched_task_has_one_plot_of_curves(runs: Path) -> None:
    """The same twice would be drawn twice."""
    study = make_study(runs, "made", trials=10)
    study.set_user_attr(attributes.WATCH, ["overall", "overall"])
    names = [key for key in plot_attributes(read_study(study), {}) if "curves" in key]
    assert names == ["dashboard:plot_data:avq-curves-cross-modal:0"]
