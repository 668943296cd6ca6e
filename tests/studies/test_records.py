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


def test_the_choice_is_read_with_its_figures(confirmed: optuna.Study) -> None:
    """One record: a process that was killed between two writes must not mix two choices."""
    stored = confirmed.user_attrs[records.CONFIRMATION]
    confirmed.set_user_attr(records.CONFIRMATION, stored | {"chosen": 1})
    assert read_study(confirmed).chosen == 1
    confirmed.set_user_attr(records.CONFIRMATION, stored)
    assert read_study(confirmed).chosen == 2  # of an earlier version, which kept it apart


def test_predictions_of_another_choice_are_not_shown(confirmed: optuna.Study) -> None:
    """They were written before the choice changed."""
    found = {"trials": {"chosen": 2}, "tasks": [], "groups": [], "truth": [], "clips": 0}
    confirmed.set_user_attr(records.PREDICTIONS, found)
    assert read_study(confirmed).predictions == found
    confirmed.set_user_attr(records.PREDICTIONS, found | {"trials": {"chosen": 1}})
    assert read_study(confirmed).predictions is None


def test_who_was_dropped_does_not_lead_by_a_mean_of_fewer_runs() -> None:
    """One run on an easy fold is no better than six."""
    rows = [
        {"trial": 1, "score_mean": 0.9, "dropped": "after 1 of 6 runs"},
        {"trial": 2, "score_mean": 0.5, "dropped": None},
        {"trial": 3, "score_mean": None},
    ]
    assert [row["trial"] for row in records.by_confirmed_score(rows)] == [2, 1, 3]
