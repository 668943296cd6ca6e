"""Pruning check: how spared trials ended, and how well each rung predicts the final score."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from studies.analysis.ranks import spearman
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.table import Table

TOP: Final = 5
"""A trial that ends among this many best ones should not have been stopped."""
_MIN_COMPLETE: Final = 3 * TOP
"""Number of complete trials below which ending among the best says little."""
_MIN_PAIRS: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """How well the scores at a rung predict the final scores, from trials that were not pruned there."""

    epoch: int
    stopped: int
    """Trials that were pruned there."""
    finished: int
    """Trials that were judged there and trained to the end."""
    correlation: float | None
    """Spearman's, between scores at the rung and final scores; `None` for fewer than five trials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningCheck:
    """Whether the pruning rule was right in a study."""

    spared: int
    """Trials that the rule would have stopped and that ran to their end, to check the rule."""
    regretted: int
    """How many of them ended among the best `TOP`."""
    interval: tuple[float, float]
    """95 % interval (Wilson, 1927) of the share of pruned trials that would have ended there."""
    rungs: list[Rung]


def check_pruning(study: StudyRecord) -> PruningCheck:
    """Checks the pruning rule by the trials of a study."""
    best = {trial.number for trial in study.ranked[:TOP]}
    spared = [trial for trial in study.complete if trial.spared]
    regretted = sum(trial.number in best for trial in spared)
    return PruningCheck(
        spared=len(spared),
        regretted=regretted,
        interval=wilson(regretted, len(spared)),
        rungs=_rungs(study),
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); 0 to 1 where `of` is 0."""
    if of == 0:
        return (0.0, 1.0)
    from scipy.stats import binomtest

    interval = binomtest(hits, of).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _rungs(study: StudyRecord) -> list[Rung]:
    searched = [trial for trial in study.complete if not trial.baseline]
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    epochs = {epoch.epoch for trial in (*searched, *pruned) for epoch in trial.judged}
    rungs = []
    for epoch in sorted(epochs):
        pairs = [
            (score, trial.score)
            for trial in searched
            if trial.epochs > epoch
            and trial.score is not None
            and (score := _score_at(study, trial, epoch)) is not None
        ]
        stopped = sum(trial.epochs == epoch for trial in pruned)
        if pairs or stopped:
            rungs.append(
                Rung(
                    epoch=epoch, stopped=stopped, finished=len(pairs), correlation=_spearman(pairs)
                )
            )
    return rungs


def _score_at(study: StudyRecord, trial: TrialRecord, epoch: int) -> float | None:
    """The score at a judged epoch; `None` where the trial was not judged or has no score there."""
    scores = (study.watch.score_of(entry.r2) for entry in trial.judged if entry.epoch == epoch)
    return next((score for score in scores if not math.isnan(score)), None)


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < _MIN_PAIRS:
        return None
    first, second = zip(*pairs, strict=True)
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return spearman(first, second)


def sentences(study: StudyRecord) -> list[str]:
    """The result of the check; empty for a study in which nothing was pruned."""
    check = check_pruning(study)
    if check.spared == 0:
        pruned = any(trial.state == "pruned" for trial in study.trials)
        sentence = "No spared trial ran to its end, so there is no check of the pruning rule."
        return [sentence] if pruned else []
    if study.counts.complete < _MIN_COMPLETE:
        return [
            f"Fewer than {_MIN_COMPLETE} trials are complete: too few to check the pruning rule."
        ]
    high = check.interval[1]
    plural = "s" if check.spared != 1 else ""
    result = (
        f"Pruning check: {check.spared} spared trial{plural}, which the rule would have stopped, ran "
        f"to the end; {check.regretted} ended among the best {TOP}. So at most {high:.0%} of the "
        "pruned trials would have (95 % confidence)."
    )
    return [result]


def summary(study: StudyRecord) -> dict[str, Any]:
    """The check for `--json`; the key `audited`, for spared trials, is kept for programs that read it."""
    check = dataclasses.asdict(check_pruning(study))
    return {"audited": check.pop("spared"), **check}


def rung_table(study: StudyRecord) -> Table | None:
    """A row for each rung: trials pruned there, and how well it predicts the final score."""
    rungs = check_pruning(study).rungs
    if not rungs:
        return None
    rows = [
        [
            f"epoch {rung.epoch}",
            str(rung.stopped),
            str(rung.finished),
            "n/a" if rung.correlation is None else f"{rung.correlation:.2f}",
        ]
        for rung in rungs
    ]
    head = ["rung", "pruned there", "ran to the end", "rank correlation with the final score"]
    title = (
        "pruning: how well each rung predicts the final score (trials that were not pruned there)"
    )
    return Table(title=title, head=head, rows=rows)
