"""Epochs spent and saved, by rung."""

import dataclasses

from made_records import made_study

from studies.plots.pruning import pruning


def test_bars_add_up_to_what_was_spent_and_saved() -> None:
    """Over all rungs and the end."""
    study = made_study()
    spent, saved = pruning(study).data
    assert sum(spent.y) == study.epochs_spent
    assert sum(saved.y) == study.epochs_saved


def test_places_come_in_the_order_of_epochs() -> None:
    """The end after the last rung, what was interrupted after that."""
    study = made_study()
    lost = dataclasses.replace(study.trials[5], state="failed")
    trials = [*study.trials[:5], lost, *study.trials[6:]]
    spent, _ = pruning(dataclasses.replace(study, trials=trials)).data
    places = [name.split("<br>")[0] for name in spent.x]
    assert places == ["epoch 2", "epoch 6", "the end", "interrupted"]
    assert spent.x[-1].endswith("1 trial")


def test_a_study_without_pruned_trials_has_no_bars() -> None:
    """There is nothing to weigh."""
    study = made_study()
    complete = [trial for trial in study.trials if trial.state == "complete"]
    assert pruning(dataclasses.replace(study, trials=complete)) is None
