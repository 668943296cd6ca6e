"""The winner's curse: search score against confirmed score; and correlations and error on test."""

import math
from typing import Final

from avq_core.display.numbers import metric_text
from studies.records.confirmation import CandidateResult, Confirmation
from studies.records.held_out import IntervalsByTask, TestedConfiguration
from studies.records.intervals import interval_text
from studies.records.study import StudyRecord
from studies.score import PRACTICAL_DIFFERENCE
from studies.summary.tables import tested_columns
from studies.table import Table

_METRICS: Final = {"spearman": "Spearman", "pearson": "Pearson", "mae": "MAE, your units"}


def winners_curse(study: StudyRecord) -> list[str]:
    """Search score and confirmed score of the chosen trial, and the reasons for choosing it."""
    confirmation = study.confirmation
    if confirmation is None or study.chosen is None:
        return []
    chosen = confirmation.candidate(study.chosen)
    if chosen is None or not chosen.has_score:
        return []
    sentences = [] if confirmation.rule is None else [confirmation.rule]
    if (luck := luck_text(confirmation, chosen)) is not None:
        sentences.append(f"{luck}.")
    sentences += [
        f"#{candidate.trial} was dropped {candidate.dropped}."
        for candidate in confirmation.candidates
        if candidate.dropped is not None
    ]
    trial = study.chosen_trial
    if trial is None or trial.score is None:
        return sentences
    scores = (
        f"Search score of #{trial.number}: {trial.score:.3f}; confirmed score: "
        f"{score_with_error(chosen)}."
    )
    gap = _gap(study, trial.score - chosen.score_mean, chosen.score_error)
    return [f"{scores} {gap}", *sentences]


def score_with_error(candidate: CandidateResult) -> str:
    """A confirmed score with its standard error, where there is one."""
    error = candidate.score_error
    return metric_text(candidate.score_mean) + (
        "" if math.isnan(error) else f" ± {metric_text(error)}"
    )


def luck_text(confirmation: Confirmation, chosen: CandidateResult) -> str | None:
    """What the chosen one's confirmed score owes to luck; `None` where that is of no practical size."""
    excess = confirmation.optimism
    if excess is None or excess < PRACTICAL_DIFFERENCE or confirmation.chosen != chosen.trial:
        return None
    return (
        f"As one chosen for its score, #{chosen.trial} is expected to have a confirmed score that is "
        f"{excess:.3f} too high; without that it is {metric_text(chosen.score_mean - excess)}"
    )


def _gap(study: StudyRecord, gap: float, error: float) -> str:
    """A sentence on the difference between search score and confirmed score."""
    has_error = not math.isnan(error)
    if gap <= (error if has_error else 0.0):
        return (
            "The two agree within the error." if has_error else "The search score was not too high."
        )
    return (
        f"The search score was {gap:.3f} too high, as the best of {study.counts.finished} noisy "
        "scores is (the winner's curse; folds train on fewer clips, too): trust the confirmed score."
    )


def agreement_table(study: StudyRecord) -> Table | None:
    """Correlations and error on test by task; `None` where the study does not have them."""
    test = study.test
    columns = [] if test is None else [(n, t) for n, t in tested_columns(test) if t.mae]
    if test is None or not columns:
        return None
    head = [
        "test",
        *(f"{name}, {label}" for label in _METRICS.values() for name, _ in columns),
        "n",
    ]
    rows = [
        [
            task,
            *(
                interval_text(_metric(tested, metric).get(task))
                for metric in _METRICS
                for _, tested in columns
            ),
            str(test.num_labels.get(task, "")),
        ]
        for task in study.tasks
    ]
    return Table(
        title="rank and linear correlation, and error, on test [95 %]", head=head, rows=rows
    )


def _metric(tested: TestedConfiguration, name: str) -> IntervalsByTask:
    by_name = {"spearman": tested.spearman, "pearson": tested.pearson, "mae": tested.mae}
    return by_name[name]
