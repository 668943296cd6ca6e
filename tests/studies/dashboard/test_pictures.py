"""`studies.dashboard.pictures`: a trial's learning curves."""

import dataclasses
import io
import math

import numpy as np
import optuna
import pytest
from made_records import at_best
from matplotlib.image import imread

from studies.dashboard import pictures
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord


@pytest.fixture
def record(study: optuna.Study) -> StudyRecord:
    """The small study."""
    return read_study(study)


def pixels(record: StudyRecord, trial: TrialRecord) -> np.ndarray:
    return imread(io.BytesIO(pictures.draw(record, trial)), format="png")


def has(image: np.ndarray, colour: str, *, num: int = 100) -> bool:
    """Whether so many pixels are of a colour: the edge of a letter may be of any."""
    wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return bool((np.abs(image[..., :3] - wanted).max(axis=-1) < 0.01).sum() >= num)


def test_a_picture_has_both_curves(record: StudyRecord) -> None:
    """In a size that a note takes; what was not trained is grey."""
    image = pixels(record, record.trials[3])
    assert image.shape[:2] == (400, 640)
    assert has(image, "#0072B2")
    assert has(image, "#D55E00")
    assert has(image, "#eceff3")
    assert not has(pixels(record, record.trials[2]), "#eceff3")


def test_the_same_trial_gives_the_same_picture(record: StudyRecord) -> None:
    """Byte by byte, under the same name."""
    trial = record.trials[3]
    assert pictures.draw(record, trial) == pictures.draw(record, trial)
    assert pictures.artifact_id(record, trial) == pictures.artifact_id(record, trial)


def test_another_trial_has_another_name(record: StudyRecord) -> None:
    """One that took its number in a study made anew, too."""
    trial = record.trials[3]
    others = [
        pictures.artifact_id(record, record.trials[2]),
        pictures.artifact_id(record, at_best(trial, score=0.25)),
        pictures.artifact_id(dataclasses.replace(record, name="other"), trial),
    ]
    assert len({pictures.artifact_id(record, trial), *others}) == 4


def test_nothing_to_draw_has_no_picture(record: StudyRecord) -> None:
    """A trial that failed before its first epoch, and those under way."""
    assert [pictures.has_picture(trial) for trial in record.trials] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("worst", [math.nan, -40.0, -1e9])
def test_values_that_are_far_off_or_missing_are_drawn(record: StudyRecord, worst: float) -> None:
    """A first epoch's R² may be anything."""
    trial = record.trials[3]
    first, *rest = trial.history
    history = [first.model_copy(update={"r2": dict.fromkeys(first.r2, worst)}), *rest]
    assert has(pixels(record, dataclasses.replace(trial, history=history)), "#0072B2")


def test_a_trial_without_any_metric_has_a_picture(record: StudyRecord) -> None:
    """A task that is never defined."""
    trial = record.trials[3]
    history = [
        entry.model_copy(update={"r2": dict.fromkeys(entry.r2, math.nan)})
        for entry in trial.history
    ]
    image = pixels(record, dataclasses.replace(trial, history=history))
    assert image.shape[:2] == (400, 640)


def test_a_reason_may_hold_dollars(record: StudyRecord) -> None:
    """Matplotlib would take them for a formula, and fail at a bad one."""
    odd = dataclasses.replace(record.trials[3], reason=r"cost $\frac{ and $ " * 30)
    assert pixels(record, odd).shape[:2] == (400, 640)
