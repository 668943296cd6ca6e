"""Headline of a study: the verdict in a few sentences, and the main metrics in a small table."""

import math
from collections.abc import Mapping
from typing import Final

from avq_core.display.numbers import metric_text
from studies.records.confirmation import CandidateResult, Confirmation
from studies.records.intervals import interval_text
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.summary.tables import CHOSEN, verdict
from studies.summary.winners_curse import winners_curse
from studies.table import Table

_UNCONFIRMED: Final = "The best of many noisy scores is too high, and these are not confirmed yet."


def facts(study: StudyRecord) -> str:
    """Data, space and cost of the study, in one line."""
    share = f" ({study.share_saved:.0%})" if study.epochs_spent + study.epochs_saved else ""
    counts = study.counts.to_dict()
    states = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    space = f", space {study.space.name}" if study.space.name else ""
    return (
        f"Data: {study.data_source or 'unknown'}{space}. Trials: {states or 'none yet'}. "
        f"Epochs: {study.epochs_spent} spent, {study.epochs_saved} saved by pruning{share}."
        + (f" Stopped: {study.stopped}." if study.stopped else "")
    )


def headline(study: StudyRecord) -> list[str]:
    """The verdict in sentences, the most reliable metric first."""
    best, test = study.best, study.test
    if best is None:
        return [_nothing(study)]
    if test is not None and study.chosen is not None:
        values = {task: interval.value for task, interval in test.chosen.r2.items()}
        reached = f"{_watched(study, values)} on the test split"
        return [f"Trial #{study.chosen}, chosen on folds with fresh seeds, reaches {reached}."]
    if (
        study.confirmation is not None
        and study.chosen is not None
        and not study.confirmation.has_test
    ):
        candidate = study.confirmation.candidate(study.chosen)
        score = metric_text(math.nan if candidate is None else candidate.score_mean)
        return [
            f"Trial #{study.chosen}, chosen on folds with fresh seeds, has a confirmed score of {score}."
        ]
    return searched(study, best) + ([] if best.baseline else [_UNCONFIRMED])


def points(study: StudyRecord) -> list[str]:
    """Search score against confirmed score, and comparisons on the test split."""
    return [*winners_curse(study), *verdict(study)]


def _nothing(study: StudyRecord) -> str:
    if study.counts.complete:
        return (
            "The complete trials hold none of the metrics that search.run records; "
            "python -m studies.dashboard also shows studies that another program made."
        )
    return "No trial is complete yet."


def searched(study: StudyRecord, best: TrialRecord) -> list[str]:
    """Search results of the best trial and of the manual baseline."""
    if best.baseline:
        return ["No trial is better than the manual's configuration yet."]
    sentences = [f"In the search, trial #{best.number} reached {_watched(study, best.r2)} on val."]
    baseline = study.baseline
    if baseline is not None and baseline.score is not None:
        sentences.append(
            f"The manual's configuration (#{baseline.number}) reached "
            f"{_watched(study, baseline.r2)}."
        )
    return sentences


def _watched(study: StudyRecord, r2: Mapping[str, float]) -> str:
    return " and ".join(f"{task} R² {metric_text(r2.get(task))}" for task in study.watch.tasks)


def glance(study: StudyRecord) -> Table | None:
    """Manual baseline and chosen (or best) trial side by side, with a row for each stage."""
    chosen = study.chosen_trial or study.best
    if chosen is None:
        return None
    baseline = study.baseline
    rows = [_row("search: score on val", _score(baseline), chosen.score)]
    confirmation = study.confirmation if study.chosen is not None else None
    if confirmation is None or confirmation.test is None:
        rows += [
            _row(f"search: {task} R² on val", baseline.r2.get(task) if baseline else None, value)
            for task in study.watch.tasks
            if not math.isnan(value := chosen.r2.get(task, math.nan))
        ]
    candidate = confirmation.candidate(chosen.number) if confirmation else None
    if confirmation is not None and candidate is not None:
        manual = confirmation.candidate(baseline.number) if baseline else None
        rows.append(_confirmed_row(confirmation, manual, candidate))
    rows += _test_rows(study, confirmation)
    name = f"chosen #{chosen.number}" if study.chosen is not None else f"best #{chosen.number}"
    manual_name = f"the manual's #{baseline.number}" if baseline else "the manual's"
    # Where there are several stages, the last one is highlighted.
    stages = [row[0].split(":")[0] for row in rows]
    marks = [CHOSEN if stage == stages[-1] != stages[0] else "" for stage in stages]
    head = ["", manual_name, name, "difference"]
    return Table(title="The main metrics", head=head, rows=rows, marks=marks)


def _test_rows(study: StudyRecord, confirmation: Confirmation | None) -> list[list[str]]:
    test = None if confirmation is None else confirmation.test
    if test is None:
        return []
    manual = {} if test.baseline is None else test.baseline.r2
    return [
        [
            f"test: {task} R² [95 %]",
            interval_text(manual.get(task)),
            interval_text(test.chosen.r2.get(task)),
            interval_text(test.difference.get(task)),
        ]
        for task in study.watch.tasks
    ]


def _score(trial: TrialRecord | None) -> float | None:
    return None if trial is None else trial.score


def _row(name: str, manual: float | None, chosen: float | None) -> list[str]:
    defined = [value for value in (manual, chosen) if value is not None and not math.isnan(value)]
    gap = f"{defined[1] - defined[0]:+.3f}" if len(defined) == 2 else ""
    return [name, metric_text(manual), metric_text(chosen), gap]


def _confirmed_row(
    confirmation: Confirmation, manual: CandidateResult | None, chosen: CandidateResult
) -> list[str]:
    seeds = f" × {confirmation.seeds} seeds" if confirmation.seeds > 1 else ""
    name = f"confirmed: score, {confirmation.folds} folds{seeds}"
    manual_score = metric_text(None) if manual is None else _with_spread(manual)
    if manual is not None and manual.dropped is not None:
        manual_score += f", {manual.num_runs} run{'s' if manual.num_runs != 1 else ''}"
    gap = confirmation.over_baseline
    return [name, manual_score, _with_spread(chosen), "" if gap is None else str(gap)]


def _with_spread(candidate: CandidateResult) -> str:
    """A confirmed score with its standard error, else with the standard deviation over its runs."""
    score = metric_text(candidate.score_mean)
    if not math.isnan(candidate.score_error):
        return f"{score} ± {candidate.score_error:.3f}"
    return score if math.isnan(candidate.score_std) else f"{score} (sd {candidate.score_std:.3f})"
