"""Records: what is read from trials and what is counted."""

import optuna

from studies import records
from studies.records import read_study


def test_a_study_is_read_whole(study: optuna.Study) -> None:
    """What the search noted comes back by name."""
    record = read_study(study)
    assert record.name == "tiny"
    assert record.tasks == ["lip_sync", "cross_modal", "overall"]
    assert record.watch == ("cross_modal", "overall")
    assert record.identity["data"] == "d" * 32
    assert record.chosen is None
    assert [trial.number for trial in record.trials] == list(range(7))


def test_a_trial_tells_its_best_judged_epoch(study: optuna.Study) -> None:
    """Score, figures and reason of a pruned one; an undefined R² is `None`."""
    trial = read_study(study).trials[3]
    assert (trial.state, trial.score, trial.best_epoch, trial.epochs) == ("pruned", -0.2, 6, 6)
    assert trial.r2["lip_sync"] is None
    assert trial.reason == "pruned <here> & there"
    assert trial.config is not None


def test_trials_are_counted_by_state(study: optuna.Study) -> None:
    """Every state is named, also where no trial is in it."""
    record = read_study(study)
    assert records.counts(record.trials) == {
        "complete": 3,
        "pruned": 1,
        "failed": 1,
        "running": 1,
        "waiting": 1,
    }
    assert records.counts([])["complete"] == 0


def test_best_and_baseline(study: optuna.Study, empty: optuna.Study) -> None:
    """The best is a complete one; a study without trials has neither."""
    trials = read_study(study).trials
    best, baseline = records.best(trials), records.baseline(trials)
    assert best is not None
    assert best.number == 1
    assert baseline is not None
    assert baseline.number == 0
    assert records.best([]) is None
    assert records.baseline(read_study(empty).trials) is None


def test_epochs_spent_and_saved(study: optuna.Study) -> None:
    """Interrupted trials cost too; only pruned ones save."""
    trials = read_study(study).trials
    assert records.epochs_spent(trials) == 3 * 14 + 6 + 2
    assert records.epochs_saved(trials) == 14 - 6


def test_a_study_that_the_search_did_not_make_is_read_too() -> None:
    """As much as there is of it."""
    foreign = optuna.create_study(direction="maximize")
    foreign.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    record = read_study(foreign)
    assert record.tasks == []
    assert records.counts(record.trials)["complete"] == 2
    assert records.best(record.trials) is None
