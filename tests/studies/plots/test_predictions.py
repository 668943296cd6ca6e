"""Predicted against true labels, a panel a task."""

import dataclasses
import math

from made_records import TASKS, confirmed, made_study

from studies.plots.predictions import predicted_tasks, prediction
from studies.records.held_out import Predictions
from studies.records.study import StudyRecord


def small(predicted: list[float], groups: list[str]) -> StudyRecord:
    """A study that keeps these predictions; truth is 0.0, 0.1, 0.2, …."""
    kept = Predictions(
        tasks=("overall",),
        groups=tuple(groups),
        clips=len(predicted),
        truth=tuple((place / 10,) for place in range(len(predicted))),
        chosen=tuple((value,) for value in predicted),
    )
    return dataclasses.replace(made_study(trials=2), predictions=kept)


def test_clips_without_a_label_are_left_out_and_n_says_so() -> None:
    """The first clip of the first task has no true value."""
    study = confirmed(made_study())
    drawn = prediction(study, TASKS[0])
    assert drawn.layout.title.text == "lip_sync (n 29)"
    identity, clips = drawn.data
    assert list(identity.x) == list(identity.y)
    assert len(clips.x) == 29


def test_a_mark_names_the_group_escaped() -> None:
    """It is the user's word."""
    drawn = prediction(small([0.1, 0.2], ["<b>x</b>", "y"]), "overall")
    assert drawn.data[1].hovertext[0] == "&lt;b&gt;x&lt;/b&gt;<br>true 0.000, predicted 0.100"


def test_one_wild_prediction_is_drawn_on_the_edge() -> None:
    """The others keep their room; the hover text has the true value."""
    study = small([0.0, 0.1, 0.2, 1e6], ["g"] * 4)
    clips = prediction(study, "overall").data[1]
    assert max(clips.y) < 2
    assert "predicted 1000000.000" in clips.hovertext[3]


def test_every_task_has_its_panel() -> None:
    """In the study's order."""
    tasks = [f"task_{place}" for place in range(17)]
    study = confirmed(made_study(tasks=tasks))
    assert predicted_tasks(study) == tasks


def test_a_study_that_keeps_no_predictions_has_no_panels() -> None:
    """Those of earlier versions."""
    study = made_study()
    assert predicted_tasks(study) == []
    assert prediction(study, "overall") is None
    assert prediction(small([math.nan, math.nan], ["g", "g"]), "overall") is None
