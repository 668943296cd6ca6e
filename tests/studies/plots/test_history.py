"""The score of every trial, and the best so far."""

import dataclasses

from made_records import at_best, made_study

from studies.plots.history import best_so_far, history


def test_every_trial_that_ended_has_a_mark() -> None:
    """Beside the line of the best so far."""
    study = made_study()
    drawn = history(study)
    line, *marked = drawn.data
    assert line.name == "best so far"
    assert sum(len(trace.x) for trace in marked) == len(study.trials)


def test_the_best_so_far_only_rises_and_is_of_complete_trials() -> None:
    """A pruned trial's score is of an earlier epoch: it cannot be the best so far."""
    study = made_study()
    trials = [at_best(t, score=0.99) if t.state == "pruned" else t for t in study.trials]
    steps = best_so_far(dataclasses.replace(study, trials=trials))
    scores = [score for _, score in steps]
    assert scores == sorted(scores)
    assert scores[-1] < 0.99
    assert steps[-1][0] == trials[-1].number


def test_a_trial_that_failed_before_its_first_score_is_seen() -> None:
    """On the lower edge, and counted as outside the range, like one of -40."""
    study = made_study()
    failed = dataclasses.replace(study.trials[5], state="failed", best=None)
    bad = at_best(study.trials[6], score=-40.0)
    trials = [*study.trials[:5], failed, bad, *study.trials[7:]]
    drawn = history(dataclasses.replace(study, trials=trials))
    (mark,) = [trace for trace in drawn.data if trace.name == "failed"]
    assert mark.y[0] > -1
    assert "2 trials outside the range" in drawn.layout.xaxis.title.text
    assert drawn.layout.yaxis.range[0] > -1


def test_nothing_is_drawn_before_the_first_score() -> None:
    """There would be nothing to see."""
    assert history(dataclasses.replace(made_study(), trials=[])) is None
