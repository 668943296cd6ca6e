"""Confirmation: who stands, on what folds, and what is chosen."""

import dataclasses
from pathlib import Path

import optuna
import pytest
from made_records import confirmed as confirm
from made_records import made_study

from avq_core.config.values import to_dict, with_values
from search.configure import baseline_config
from search.confirmation import confirm as confirming
from search.confirmation.confirm import (
    _close_opening,
    _count_opening,
    _is_finished,
    _is_opened,
    candidates,
)
from search.confirmation.held_out import Candidate, to_train
from studies.records import attributes
from studies.records.confirmation import Confirmation
from studies.records.study import StudyRecord
from studies.records.trial import BestEpoch, State, TrialRecord
from studies.score import Watch

TASKS = ("lip_sync", "cross_modal", "overall")


def record(
    number: int,
    score: float,
    *,
    lr: float = 1e-3,
    state: State = "complete",
    baseline: bool = False,
    pair: tuple[float, float] | None = None,
) -> TrialRecord:
    config = baseline_config(tasks=TASKS, epochs=10, seed=number)
    r2 = {} if pair is None else dict(zip(("cross_modal", "overall"), pair, strict=True))
    return TrialRecord(
        number=number,
        state=state,
        best=BestEpoch(epoch=6, score=score, r2=r2, num_labels={}),
        history=[],
        planned_epochs=14,
        params={},
        config=to_dict(with_values(config, {"optim.lr": lr})),
        reason=None,
        baseline=baseline,
    )


def study_of(*trials: TrialRecord) -> StudyRecord:
    return dataclasses.replace(made_study(trials=0), trials=trials)


def test_the_baseline_and_the_best_few_stand() -> None:
    """However poor the baseline's score is; pruned trials do not."""
    study = study_of(
        record(0, -0.5, baseline=True),
        record(1, 0.3, lr=1e-4),
        record(2, 0.9, lr=2e-4, state="pruned"),
        record(3, 0.5, lr=3e-4),
        record(4, 0.4, lr=4e-4),
    )
    assert [c.trial for c in candidates(study, 2)] == [0, 3, 4]


def test_of_two_objectives_the_front_stands_before_the_score() -> None:
    """Best in one R² comes before a higher mean that another trial beats in both."""
    study = study_of(
        record(1, 0.5, lr=1e-4, pair=(0.5, 0.5)),
        record(2, 0.45, lr=2e-4, pair=(0.45, 0.45)),
        record(3, 0.3, lr=3e-4, pair=(0.8, -0.2)),
    )
    assert [c.trial for c in candidates(study, 2)] == [1, 2]
    assert [c.trial for c in candidates(study, 2, by_front=True)] == [1, 3]


def test_a_configuration_stands_once() -> None:
    """Two trials that differ in seed alone are one candidate."""
    study = study_of(
        record(0, 0.1, baseline=True), record(1, 0.5, lr=2e-4), record(2, 0.6, lr=2e-4)
    )
    assert [c.trial for c in candidates(study, 3)] == [0, 2]


def test_candidates_train_for_the_epochs_that_gave_their_score() -> None:
    """Epoch 6 of 14 scored best, so 6 epochs are confirmed."""
    (candidate,) = candidates(study_of(record(1, 0.5)), 1)
    assert candidate.config.training.epochs == 6


def test_an_opening_is_counted_before_anything_is_seen() -> None:
    """Once for a choice, also where it was stopped on its way; anew for another."""
    test = confirm(made_study(trials=6)).test
    assert test is not None
    confirmation = Confirmation(test=test, test_openings=0, openings=())
    for _ in range(2):
        confirmation = _count_opening(confirmation, 5, [0, 5])
    assert confirmation.test_openings == len(confirmation.openings) == 1
    assert confirmation.test is None
    confirmation = _close_opening(confirmation, test)
    assert confirmation.openings[-1].done
    confirmation = _count_opening(confirmation, 7, [0, 7])
    assert confirmation.test_openings == 2
    assert [opening.chosen for opening in confirmation.openings] == [5, 7]


def test_test_is_opened_anew_for_another_choice_alone() -> None:
    """A confirmation that is run again changes nothing; other members are another ensemble."""
    test = confirm(made_study(trials=6)).test
    assert test is not None
    stored = Confirmation(test=test.model_copy(update={"opened_for": (0, 5)}))
    chosen = test.chosen.trial
    assert _is_opened(stored, chosen, [0, 5])
    assert not _is_opened(stored, chosen + 1, [0, 5])
    assert not _is_opened(stored, chosen, [0, 5, 7])
    assert not _is_opened(Confirmation(test=None), chosen, [0, 5])


def test_a_finished_confirmation_keeps_its_choice() -> None:
    """To choose again, by the rule of a later version, could be to open the test split again."""
    confirmation = confirm(made_study(trials=6)).confirmation
    config = baseline_config(tasks=TASKS, epochs=10, seed=0)
    assert confirmation is not None
    test = confirmation.test
    assert test is not None
    field = [
        Candidate(trial=c.trial, baseline=c.baseline, config=config)
        for c in confirmation.candidates
    ]
    opened_for = tuple(to_train(field, confirmation))
    finished = confirmation.model_copy(
        update={"test": test.model_copy(update={"opened_for": opened_for})}
    )
    assert _is_finished(finished, field)
    assert not _is_finished(finished, field[1:])
    assert not _is_finished(finished.model_copy(update={"test": None}), field)
    assert not _is_finished(Confirmation(), field)


def test_more_trials_that_change_no_candidate_leave_the_choice_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The choice counts for the study as it is now, and no fold is cut."""
    record = confirm(made_study(trials=6))
    assert record.confirmation is not None
    stale = record.confirmation.model_copy(update={"num_complete": 0})
    record = dataclasses.replace(record, confirmation=stale)
    assert record.chosen is None
    monkeypatch.setattr(confirming, "read_study", lambda _: record)
    monkeypatch.setattr(confirming, "open_store", lambda _: None)
    monkeypatch.setattr(confirming, "_is_finished", lambda *_: True)
    study = optuna.create_study(direction="maximize")
    confirming.confirm(
        study,
        store=Path(),
        cut_folds=pytest.fail,
        make_stores=pytest.fail,
        slots=[],
        watch=Watch(),
        seed=0,
        num_best=3,
        on_progress=pytest.fail,
    )
    stored = Confirmation.decode(study.user_attrs[attributes.CONFIRMATION])
    assert dataclasses.replace(record, confirmation=stored).chosen == stale.chosen
