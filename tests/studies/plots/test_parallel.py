"""Parallel coordinates: a line a complete trial."""

import dataclasses

from made_records import at_best, made_study

from studies.plots.parallel import parallel


def test_every_complete_trial_is_in_one_quarter() -> None:
    """The best quarter is drawn last, on top."""
    study = made_study()
    drawn = parallel(study)
    names = [trace.name for trace in drawn.data]
    assert names == ["worst quarter", "third quarter", "second quarter", "best quarter"]
    numbers = [{n for n in trace.customdata if n is not None} for trace in drawn.data]
    assert set.union(*numbers) == {trial.number for trial in study.searched}
    assert sum(map(len, numbers)) == len(study.searched)


def test_a_trial_that_lacks_a_setting_passes_below_all_values() -> None:
    """And says so."""
    drawn = parallel(made_study())
    place = list(drawn.layout.xaxis.ticktext).index("lag_channels")
    points = [
        (y, hover)
        for trace in drawn.data
        for x, y, hover in zip(trace.x, trace.y, trace.text, strict=True)
        if x == place
    ]
    absent = [y for y, hover in points if hover.endswith("not suggested")]
    present = [y for y, hover in points if not hover.endswith("not suggested")]
    assert absent
    assert max(absent) < 0 <= min(present)


def test_one_terrible_trial_does_not_press_the_scores_together() -> None:
    """It runs in at the axis's lower end."""
    study = made_study()
    bad = at_best(study.trials[2], score=-40.0)
    trials = [*study.trials[:2], bad, *study.trials[3:]]
    drawn = parallel(dataclasses.replace(study, trials=trials))
    heights = [y for trace in drawn.data for x, y in zip(trace.x, trace.y, strict=True) if x == 0]
    assert min(heights) == 0
    assert sorted(heights)[-2] - sorted(heights)[1] > 0.2


def test_a_few_trials_are_not_drawn() -> None:
    """Quarters of three say nothing."""
    assert parallel(made_study(trials=4)) is None
