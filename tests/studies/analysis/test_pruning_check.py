"""The pruning check: spared trials, and what each rung predicts."""

import dataclasses

import pytest
from made_records import at_best

from studies.analysis.pruning_check import check_pruning, rung_table, sentences, summary, wilson
from studies.identity import Identity
from studies.records.provenance import SearchedSpace
from studies.records.study import StudyRecord
from studies.records.trial import BestEpoch, Epoch, Spared, State, TrialRecord
from studies.score import Watch


def trial(
    number: int, *values: float, state: State = "complete", spared: bool = False
) -> TrialRecord:
    """Judged at every second epoch, both R² alike."""
    history = [
        Epoch(
            epoch=epoch,
            judged=epoch % 2 == 0,
            r2=dict.fromkeys(("cross_modal", "overall"), values[(epoch - 1) // 2]),
        )
        for epoch in range(1, 2 * len(values) + 1)
    ]
    best = dict.fromkeys(("cross_modal", "overall"), max(values))
    return TrialRecord(
        number=number,
        state=state,
        best=BestEpoch(epoch=2, score=max(values), r2=best, num_labels={}),
        planned_epochs=6,
        params={},
        config=None,
        reason=None,
        baseline=False,
        spared=Spared(epoch=2, reason="place 9 of 9") if spared else None,
        history=history,
        seconds=1.0,
    )


def study_of(*trials: TrialRecord, objective: str = "score") -> StudyRecord:
    return StudyRecord(
        name="s",
        identity=Identity(data="d", space="s", settings={"objective": objective}),
        data_source="demo",
        tasks=("cross_modal", "overall"),
        watch=Watch(),
        space=SearchedSpace(),
        total=None,
        stopped=None,
        attainable={},
        simple={},
        trials=trials,
    )


ENDED = [trial(n, n / 10, 0.5 + n / 20, 0.5 + n / 20) for n in range(8)]
MORE = [trial(20 + n, 0.1, 0.2, 0.2) for n in range(6)]


def test_a_spared_trial_that_ends_among_the_best_is_a_regret() -> None:
    """One of two would have been wrong to stop."""
    study = study_of(
        *ENDED,
        trial(8, 0.0, 0.1, 0.99, spared=True),
        trial(9, 0.0, 0.1, 0.1, spared=True),
        trial(10, 0.0, state="pruned"),
        *MORE,
    )
    check = check_pruning(study)
    assert (check.spared, check.regretted) == (2, 1)
    assert (
        "Pruning check: 2 spared trials, which the rule would have stopped, ran"
        in sentences(study)[0]
    )
    assert "1 ended among the best 5" in sentences(study)[0]


def test_each_rung_says_how_well_it_predicts() -> None:
    """The same order at the rung as at the end: a rank correlation of 1."""
    study = study_of(*ENDED, trial(8, 0.0, state="pruned"), trial(9, 0.3, 0.1, state="pruned"))
    first, second = check_pruning(study).rungs
    assert (first.epoch, first.stopped, first.finished) == (2, 1, 8)
    assert (second.epoch, second.stopped) == (4, 1)
    assert first.correlation == pytest.approx(1.0)
    table = rung_table(study)
    assert table is not None
    assert table.rows[0] == ["epoch 2", "1", "8", "1.00"]


def test_few_trials_give_no_correlation() -> None:
    """Two points always lie on a line."""
    (rung, *_) = check_pruning(study_of(*ENDED[:2])).rungs
    assert rung.correlation is None


def test_without_a_spared_trial_there_is_no_check() -> None:
    """And a study without pruning has no sentence on it."""
    assert "there is no check" in sentences(study_of(*ENDED, trial(8, 0.0, state="pruned")))[0]
    assert sentences(study_of(*ENDED)) == []


def test_of_few_complete_trials_nothing_is_made() -> None:
    """All of five are among the best five."""
    study = study_of(*ENDED[:4], trial(8, 0.0, 0.1, 0.1, spared=True))
    assert sentences(study) == [
        "Fewer than 15 trials are complete: too few to check the pruning rule."
    ]


def test_wilsons_interval_is_that_of_the_paper() -> None:
    """0 of 10 is at most 28 %; 5 of 10 lies around a half; 0 of 0 gives 0 to 1."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.278), abs=1e-3)
    assert wilson(5, 10) == pytest.approx((0.237, 0.763), abs=1e-3)
    assert wilson(10, 10) == pytest.approx((0.722, 1.0), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_checks_json_keeps_its_keys() -> None:
    """Programs read `audited`, the name that the studies themselves store."""
    study = study_of(*ENDED, trial(8, 0.0, 0.1, 0.99, spared=True), *MORE)
    values = summary(study)
    assert list(values) == ["audited", "regretted", "interval", "rungs"]
    assert (values["audited"], values["regretted"]) == (1, 1)


def test_the_front_is_shown_of_a_study_of_two_objectives_only() -> None:
    """The trials that no other beats in both; the title says that the highest score of them is taken."""
    from studies.summary.tables import front_table

    split = dataclasses.replace(
        at_best(ENDED[0], r2={"cross_modal": 0.99, "overall": 0.0}), number=20
    )
    table = front_table(study_of(*ENDED, split, objective="pareto"))
    assert table is not None
    assert [row[0] for row in table.rows] == ["#20", "#7"]
    assert front_table(study_of(*ENDED, split)) is None
