"""What the confirmation says in words, and how well test is ranked."""

import dataclasses

import optuna

from studies.records import StudyRecord, read_study
from studies.summary.winners_curse import agreement_table, winners_curse


def with_confirmation(study: StudyRecord, **changes: object) -> StudyRecord:
    return dataclasses.replace(study, confirmation=(study.confirmation or {}) | changes)


def test_the_gap_between_promise_and_confirmation_is_told(confirmed: optuna.Study) -> None:
    """Trial 2 scored 0.4 in the search and 0.33 on folds, one of four that ended."""
    (told,) = winners_curse(read_study(confirmed))
    assert told.startswith("The search promised a score of 0.400 for #2; confirmed: 0.330.")
    assert "0.070 too high, as the best of 4 noisy figures is (the winner's curse;" in told


def test_a_gap_within_the_error_is_no_curse(confirmed: optuna.Study) -> None:
    """Nor is a search that promised too little."""
    study = read_study(confirmed)
    rows = [{"trial": 2, "baseline": False, "score_mean": 0.45, "score_error": 0.02, "r2_mean": {}}]
    (told,) = winners_curse(with_confirmation(study, candidates=rows))
    assert "confirmed: 0.450 ± 0.020." in told
    assert told.endswith("The two agree within the error.")
    rows[0] |= {"score_mean": 0.35, "score_error": 0.06}
    (told,) = winners_curse(with_confirmation(study, candidates=rows))
    assert told.endswith("The two agree within the error.")


def test_the_rule_of_the_choice_is_quoted(confirmed: optuna.Study) -> None:
    """As the confirmation wrote it down."""
    study = with_confirmation(read_study(confirmed), rule="#2 is chosen: it is simple.")
    assert winners_curse(study)[-1] == "#2 is chosen: it is simple."


def test_before_a_confirmation_nothing_is_said(study: optuna.Study) -> None:
    """There is nothing to compare the promise with."""
    assert winners_curse(read_study(study)) == []
    assert agreement_table(read_study(study)) is None


def test_correlations_and_error_stand_by_task_with_their_labels(confirmed: optuna.Study) -> None:
    """A column a model and figure; an older study that holds none has no such table."""
    study = read_study(confirmed)
    assert agreement_table(study) is None
    interval = {"value": 0.6, "low": 0.5, "high": 0.7}
    chosen = {metric: {"overall": interval} for metric in ("spearman", "pearson", "mae")}
    test = (study.confirmation or {})["test"]
    table = agreement_table(
        with_confirmation(study, test=test | {"chosen": test["chosen"] | chosen})
    )
    assert table is not None
    assert table.head == [
        "test",
        "chosen, Spearman",
        "chosen, Pearson",
        "chosen, MAE, your units",
        "n",
    ]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["overall"] == ["0.600 [0.500, 0.700]"] * 3 + ["31"]
    assert rows["lip_sync"] == ["n/a"] * 3 + ["1"]
