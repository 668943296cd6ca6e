"""Plots: valid drawings of every stage of a study, with a mark for each trial."""

from xml.etree import ElementTree as ET

import optuna
import pytest

from studies import plots
from studies.records import StudyRecord, read_study


def titles(drawing: str) -> list[str]:
    """The tips of a drawing's marks and lines."""
    root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
    return [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}title")]


@pytest.fixture
def record(study: optuna.Study) -> StudyRecord:
    """The small study's record."""
    return read_study(study)


def test_history_marks_every_trial_that_ended(record: StudyRecord) -> None:
    """Three complete, one pruned; the running and the waiting one have no score yet."""
    found = titles(plots.history(record))
    assert len(found) == 4
    assert any("trial 0 (baseline), complete: score 0.100" in tip for tip in found)
    assert any("trial 3, pruned: score -0.200" in tip for tip in found)


def test_watched_sets_the_two_figures_against_each_other(record: StudyRecord) -> None:
    """A mark each, as above."""
    drawing = plots.watched(record)
    assert len(titles(drawing)) == 4
    assert "cross_modal R²" in drawing
    assert "overall R²" in drawing


def test_curves_draw_a_line_for_each_trial_with_epochs(record: StudyRecord) -> None:
    """The running one has its curve too; an undefined task draws none."""
    assert len(titles(plots.curves(record, "overall"))) == 5
    assert titles(plots.curves(record, "lip_sync")) == []


def test_parameters_have_a_plot_each(record: StudyRecord) -> None:
    """Named by the setting."""
    drawings = plots.parameters(record)
    assert len(drawings) == 2
    assert "score against optim.lr" in drawings[0]
    assert all(len(titles(drawing)) == 4 for drawing in drawings)


def test_choices_stand_side_by_side() -> None:
    """Words have a place on the axis, and an unlisted study's are sorted."""
    study = optuna.create_study(direction="maximize")

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_categorical("model.pooling", ["mean", "mean_std"])
        score = trial.number / 10
        trial.set_user_attr("figures", {"epoch": 1, "score": score, "r2": {}, "num_labels": {}})
        return score

    study.optimize(objective, n_trials=6)
    (drawing,) = plots.parameters(read_study(study))
    assert "mean" in drawing
    assert len(titles(drawing)) == 6


def test_a_study_without_trials_can_be_drawn(empty: optuna.Study) -> None:
    """Empty axes, no crash."""
    record = read_study(empty)
    for drawing in (plots.history(record), plots.watched(record), plots.curves(record, "overall")):
        assert titles(drawing) == []
    assert plots.parameters(record) == []
