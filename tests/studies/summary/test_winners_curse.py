"""Sentences on the confirmation, and correlations on test."""

import optuna
from made_records import with_confirmation, with_test

from studies.records.confirmation import CandidateResult
from studies.records.intervals import IntervalValue
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.summary.winners_curse import agreement_table, winners_curse


def test_the_gap_between_search_and_confirmed_score_is_told(confirmed: optuna.Study) -> None:
    """Trial 2 scored 0.4 in the search and 0.33 on folds, one of four that ended."""
    (sentence,) = winners_curse(read_study(confirmed))
    assert sentence.startswith("Search score of #2: 0.400; confirmed score: 0.330.")
    assert "0.070 too high, as the best of 4 noisy scores is (the winner's curse;" in sentence


def test_a_gap_within_the_error_is_no_curse(confirmed: optuna.Study) -> None:
    """Nor is a search score that was too low."""
    study = read_study(confirmed)
    for mean, error in ((0.45, 0.02), (0.35, 0.06)):
        row = candidate(study, score_mean=mean, score_error=error)
        (sentence,) = winners_curse(with_confirmation(study, candidates=(row,)))
        assert f"confirmed score: {mean:.3f} ± {error:.3f}." in sentence
        assert sentence.endswith("The two agree within the error.")


def candidate(study: StudyRecord, **changes: object) -> CandidateResult:
    """The chosen candidate's result, changed."""
    assert study.confirmation is not None
    candidate = study.confirmation.candidate(study.chosen)
    assert candidate is not None
    return candidate.model_copy(update=changes)


def test_the_rule_of_the_choice_is_quoted(confirmed: optuna.Study) -> None:
    """As the confirmation wrote it down."""
    study = with_confirmation(read_study(confirmed), rule="#2 is chosen: it is simple.")
    assert winners_curse(study)[-1] == "#2 is chosen: it is simple."


def test_the_luck_of_the_highest_is_told_where_it_is_of_practical_size(
    confirmed: optuna.Study,
) -> None:
    """0.02 of 0.33 is; 0.004 is not, nor is a luck that an earlier release did not estimate."""
    study = read_study(confirmed)
    said = winners_curse(with_confirmation(study, rule="#2 is chosen.", optimism=0.02))
    assert said[1] == "#2 is chosen."
    assert said[2] == (
        "As one chosen for its score, #2 is expected to have a confirmed score that is 0.020 too high; "
        "without that it is 0.310."
    )
    for excess in (0.004, None):
        assert len(winners_curse(with_confirmation(study, optimism=excess))) == 1


def test_before_a_confirmation_nothing_is_said(study: optuna.Study) -> None:
    """No confirmed score can be compared with the search score."""
    assert winners_curse(read_study(study)) == []
    assert agreement_table(read_study(study)) is None


def test_correlations_and_error_stand_by_task_with_their_labels(confirmed: optuna.Study) -> None:
    """A column a model and metric; no table where none is stored."""
    study = read_study(confirmed)
    assert agreement_table(study) is None
    assert study.test is not None
    values = {"overall": IntervalValue(value=0.6, low=0.5, high=0.7)}
    metrics = dict.fromkeys(("spearman", "pearson", "mae"), values)
    table = agreement_table(with_test(study, chosen=study.test.chosen.model_copy(update=metrics)))
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
