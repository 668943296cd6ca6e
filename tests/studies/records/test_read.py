"""From an Optuna study to records."""

import math
from typing import get_args

import optuna

from studies.records import attributes
from studies.records.read import read_study
from studies.records.study import Counts
from studies.records.trial import State
from studies.score import Watch


def test_a_study_is_read_whole(study: optuna.Study) -> None:
    """What the search noted comes back by name."""
    record = read_study(study)
    assert record.name == "tiny"
    assert record.tasks == ("lip_sync", "cross_modal", "overall")
    assert record.watch == Watch()
    assert record.identity is not None
    assert record.identity.data == "d" * 32
    assert record.chosen is None
    assert [trial.number for trial in record.trials] == list(range(7))


def test_a_trial_tells_its_best_judged_epoch(study: optuna.Study) -> None:
    """Score, metrics and reason of a pruned one; an undefined R² is NaN."""
    trial = read_study(study).trials[3]
    assert (trial.state, trial.score, trial.best_epoch, trial.epochs) == ("pruned", -0.2, 6, 6)
    assert math.isnan(trial.r2["lip_sync"])
    assert trial.reason == "pruned <here> & there"
    assert trial.config is not None
    assert [epoch.epoch for epoch in trial.judged] == [2, 6]
    assert trial.history[0].lr == 1e-3


def test_a_precision_left_open_by_an_earlier_release_is_read_as_it_was_taken() -> None:
    """It stood beside the configuration, in which it stands now."""
    study = optuna.create_study(direction="maximize")
    for stored, ran_on, read in (
        ("auto", "bf16", "bf16"),
        ("fp32", "bf16", "fp32"),
        ("auto", None, "auto"),
    ):
        where = {"device": "cpu", "threads": 1} | ({} if ran_on is None else {"precision": ran_on})
        sections: dict[str, object] = {"model": {}, "optim": {}, "data": {}}
        noted = {
            attributes.CONFIG: {**sections, "training": {"precision": stored, "seed": 3}},
            attributes.RAN_ON: where,
        }
        study.add_trial(optuna.trial.create_trial(value=0.1, user_attrs=noted))
        config = read_study(study).trials[-1].config
        assert config == {**sections, "training": {"precision": read, "seed": 3}}


def test_a_study_that_the_search_did_not_make_is_read_too() -> None:
    """As much as there is of it."""
    foreign = optuna.create_study(direction="maximize")
    foreign.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    record = read_study(foreign)
    assert record.tasks == ()
    assert record.identity is None
    assert record.counts.complete == 2
    assert record.best is None


def test_the_choice_is_read_with_its_metrics(confirmed: optuna.Study) -> None:
    """One record: a process that was killed between two writes must not mix two choices."""
    stored = confirmed.user_attrs[attributes.CONFIRMATION]
    assert read_study(confirmed).chosen == 2
    confirmed.set_user_attr(attributes.CONFIRMATION, stored | {"chosen": 1})
    assert read_study(confirmed).chosen == 1
    confirmed.set_user_attr(attributes.CONFIRMATION, stored | {"num_complete": 2})
    assert read_study(confirmed).chosen is None  # a third trial was completed since


def test_predictions_of_another_choice_are_not_shown(confirmed: optuna.Study) -> None:
    """They were written before the choice changed."""
    kept = {"trials": {"chosen": 2}, "tasks": [], "groups": [], "truth": [], "clips": 0}
    confirmed.set_user_attr(attributes.PREDICTIONS, kept)
    predictions = read_study(confirmed).predictions
    assert predictions is not None
    assert predictions.encode() == kept
    confirmed.set_user_attr(attributes.PREDICTIONS, kept | {"trials": {"chosen": 1}})
    assert read_study(confirmed).predictions is None


def test_every_state_is_counted(study: optuna.Study) -> None:
    """Also where no trial is in it."""
    counts = read_study(study).counts
    assert counts == Counts(complete=3, pruned=1, failed=1, running=1, waiting=1)
    assert list(counts.to_dict()) == list(get_args(State))
    assert counts.finished == 4
