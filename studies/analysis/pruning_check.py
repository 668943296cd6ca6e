"""Was the pruner right? What trials that it would have stopped came to, and what a rung foretells."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from studies import records
from studies.records import StudyRecord, TrialRecord, score
from studies.table import Table

TOP: Final = 5
"""A trial that ends among so many best should not have been stopped."""
_LEAST_COMPLETE: Final = 3 * TOP
"""Complete trials below which to end among the best says little."""
_LEAST_FOR_CORRELATION: Final = 5
_Z: Final = 1.96


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """What a judged epoch foretells, by the trials that were not stopped."""

    epoch: int
    stopped: int
    """Trials that were pruned there."""
    finished: int
    """Trials that were judged there and went on to their end."""
    correlation: float | None
    """Spearman's, of their scores there with those at their end; `None` of fewer than five."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningAudit:
    """A study's pruning, looked back at."""

    audited: int
    """Trials that the pruner would have stopped and that went on to their end all the same."""
    regretted: int
    """Of them, those that ended among the best `TOP`."""
    interval: tuple[float, float]
    """95 % (Wilson, 1927) of the share of stopped trials that would have ended there."""
    rungs: list[Rung]


def audit(study: StudyRecord) -> PruningAudit:
    """Looks back at a study's pruning."""
    complete = [t for t in study.trials if t.state == "complete" and t.score is not None]
    best = {t.number for t in sorted(complete, key=lambda t: -(t.score or 0.0))[:TOP]}
    audited = [trial for trial in complete if trial.audited]
    regretted = sum(trial.number in best for trial in audited)
    return PruningAudit(
        audited=len(audited),
        regretted=regretted,
        interval=wilson(regretted, len(audited)),
        rungs=_rungs(study, complete),
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); 0 to 1 of nothing."""
    if of == 0:
        return (0.0, 1.0)
    share, spread = hits / of, _Z**2 / of
    centre = share + spread / 2
    reach = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (centre - reach) / (1 + spread), (centre + reach) / (1 + spread)
    return max(0.0, low), min(1.0, high)


def _rungs(study: StudyRecord, complete: Sequence[TrialRecord]) -> list[Rung]:
    searched = [trial for trial in complete if not trial.baseline]
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    epochs = {e["epoch"] for t in (*searched, *pruned) for e in t.history if e["judged"]}
    rungs = []
    for epoch in sorted(epochs):
        pairs = [
            (there, trial.score)
            for trial in searched
            if trial.epochs > epoch and (there := _score_at(study, trial, epoch)) is not None
        ]
        stopped = sum(trial.epochs == epoch for trial in pruned)
        if pairs or stopped:
            rungs.append(
                Rung(
                    epoch=epoch,
                    stopped=stopped,
                    finished=len(pairs),
                    correlation=_spearman([(a, b or 0.0) for a, b in pairs]),
                )
            )
    return rungs


def _score_at(study: StudyRecord, trial: TrialRecord, epoch: int) -> float | None:
    entries: list[dict[str, Any]] = [e for e in trial.history if e["epoch"] == epoch]
    return score(study, entries[0]["r2"]) if entries and entries[0]["judged"] else None


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < _LEAST_FOR_CORRELATION:
        return None
    from scipy.stats import spearmanr

    first, second = zip(*pairs, strict=True)
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(spearmanr(first, second).statistic)


def sentences(study: StudyRecord) -> list[str]:
    """What the audit found, in words; nothing of a study in which nothing was pruned."""
    found = audit(study)
    if found.audited == 0:
        pruned = any(trial.state == "pruned" for trial in study.trials)
        told = "No trial marked for pruning went on to its end, so the pruner is not audited."
        return [told] if pruned else []
    if records.counts(study.trials)["complete"] < _LEAST_COMPLETE:
        return [
            f"Fewer than {_LEAST_COMPLETE} trials are complete: too few to audit the pruner by."
        ]
    high = found.interval[1]
    told = (
        f"{found.audited} trial(s) marked for pruning went on to their end all the same; "
        f"{found.regretted} of them ended among the best {TOP} (so at most {high:.0%} of those "
        "stopped would have, with 95 % confidence)."
    )
    return [told]


def summary(study: StudyRecord) -> dict[str, Any]:
    """The audit as JSON takes it."""
    return dataclasses.asdict(audit(study))


def rung_table(study: StudyRecord) -> Table | None:
    """A row a rung: who was stopped there, and how well it foretells the end."""
    rungs = audit(study).rungs
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
    head = ["rung", "stopped there", "went to the end", "rank correlation with the end"]
    title = "the pruner: what each rung foretells (of the trials that were not stopped)"
    return Table(title=title, head=head, rows=rows)
