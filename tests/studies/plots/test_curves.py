"""A task's R² by epoch: every trial, where it was stopped, and the rungs."""

import dataclasses

from made_records import RUNGS, made_study

from studies.plots.curves import curves, rungs
from studies.records.trial import Epoch


def test_every_trial_is_in_one_of_the_lines() -> None:
    """With a gap after each, so that one trial's end is not joined to another's start."""
    study = made_study()
    lines = [trace for trace in curves(study, "overall").data if trace.mode == "lines"]
    drawn = {number for trace in lines for number in trace.customdata if number is not None}
    assert drawn == {trial.number for trial in study.trials}
    assert sum(value is None for trace in lines for value in trace.x) == len(study.trials)
    assert {trace.name for trace in lines} == {"pruned", "others", "next best", "baseline", "best"}


def test_pruned_trials_end_in_a_cross() -> None:
    """At their last epoch."""
    study = made_study()
    (ends,) = [trace for trace in curves(study, "overall").data if trace.name == "stopped here"]
    pruned = {trial.number: trial.epochs for trial in study.trials if trial.state == "pruned"}
    assert dict(zip(ends.customdata, ends.x, strict=True)) == pruned


def test_rungs_are_marked() -> None:
    """A line each; none at all where a trial is judged every epoch of many."""
    study = made_study()
    assert rungs(study) == list(RUNGS)
    assert len(curves(study, "overall").layout.shapes) == len(RUNGS)
    many = [Epoch(epoch=epoch, r2={}, judged=True) for epoch in range(50)]
    trials = [dataclasses.replace(trial, history=many) for trial in study.trials]
    assert rungs(dataclasses.replace(study, trials=trials)) == []


def test_a_task_without_r2_is_not_drawn() -> None:
    """Nor an unknown one."""
    assert curves(made_study(), "other") is None
