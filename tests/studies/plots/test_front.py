"""The two watched R², and their Pareto front."""

import dataclasses

from made_records import at_best, made_study

from studies.plots.front import front
from studies.records.trial import TrialRecord
from studies.score import Watch


def at(trial: TrialRecord, first: float, second: float) -> TrialRecord:
    """The trial with these metrics."""
    r2 = {**trial.r2, "cross_modal": first, "overall": second}
    return dataclasses.replace(at_best(trial, r2=r2), state="complete")


def test_the_front_is_a_staircase_around_what_it_beats() -> None:
    """Between two of its trials it turns where the lower left of both ends."""
    study = made_study(trials=4)
    points = [(0.2, 0.6), (0.6, 0.2), (0.5, 0.5), (0.1, 0.1)]
    trials = [at(t, *point) for t, point in zip(study.trials, points, strict=True)]
    line, *marked = front(dataclasses.replace(study, trials=trials)).data
    assert line.name == "Pareto front"
    corners = [(0.2, 0.6), (0.2, 0.5), (0.5, 0.5), (0.5, 0.2), (0.6, 0.2)]
    assert list(zip(line.x, line.y, strict=True)) == corners
    assert sum(len(trace.x) for trace in marked) == 4


def test_nothing_is_drawn_where_both_r2_are_of_one_task() -> None:
    """Where one task plays both, or no trial has both."""
    study = made_study()
    assert front(dataclasses.replace(study, watch=Watch(cross_modal="overall"))) is None
    assert front(dataclasses.replace(study, watch=Watch(cross_modal="other"))) is None
