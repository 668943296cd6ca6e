"""Rank correlations of each task weight with each R², over complete trials."""

import math
from dataclasses import dataclass
from typing import Final

from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

MIN_TRIALS: Final = 8
"""Number of complete trials below which no correlation is computed."""
_LEVEL: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Correlation of a task's effective weight with a task's R²."""

    weight_of: str
    r2_of: str
    correlation: float
    """Spearman's."""
    num_trials: int
    stands_out: bool
    """Whether it differs from zero at 5 %, after Holm's correction for the number of pairs."""


def weight_effects(study: StudyRecord) -> list[Effect]:
    """One effect for every pair of weight and R² with enough trials; empty where no weight was searched.

    Weights are taken as shares of their sum, since only their ratios matter.
    """
    from scipy.stats import spearmanr

    trials = study.searched
    names = study.tasks
    pairs_tested: list[tuple[str, str, float, int, float]] = []
    for weighted in names:
        for other in names:
            pairs = [
                (share, value)
                for trial in trials
                if (share := _share(trial, weighted)) is not None
                and not math.isnan(value := trial.r2.get(other, math.nan))
            ]
            if len(pairs) < MIN_TRIALS or any(
                len(set(side)) < 2 for side in zip(*pairs, strict=True)
            ):
                continue
            tested = spearmanr(*zip(*pairs, strict=True))
            rho, p_value = float(tested.statistic), float(tested.pvalue)
            pairs_tested.append((weighted, other, rho, len(pairs), p_value))
    significant = _holm([p_value for *_, p_value in pairs_tested])
    return [
        Effect(
            weight_of=weighted,
            r2_of=other,
            correlation=rho,
            num_trials=number,
            stands_out=stands_out,
        )
        for (weighted, other, rho, number, _), stands_out in zip(
            pairs_tested, significant, strict=True
        )
    ]


def _share(trial: TrialRecord, task: str) -> float | None:
    weights = ((trial.config or {}).get("training") or {}).get("task_weights") or {}
    total = sum(weights.values())
    return weights[task] / total if task in weights and total > 0 else None


def _holm(p_values: list[float]) -> list[bool]:
    """Which null hypotheses are rejected at a family-wise error rate of 5 % (Holm, 1979).

    Args:
        p_values: The p-value of each.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    rejected = [False] * len(p_values)
    for place, index in enumerate(order):
        if p_values[index] > _LEVEL / (len(p_values) - place):
            break
        rejected[index] = True
    return rejected


def weight_sentences(effects: list[Effect]) -> list[str]:
    """Sentences on the method and on the pairs whose correlation is significant."""
    if not effects:
        return []
    fewest, most = min(e.num_trials for e in effects), max(e.num_trials for e in effects)
    number = str(most) if fewest == most else f"{fewest} to {most}"
    outstanding = [
        f"weight of {effect.weight_of} and R² of {effect.r2_of} ({effect.correlation:+.2f})"
        for effect in sorted(effects, key=lambda effect: -abs(effect.correlation))
        if effect.stands_out
    ]
    method = (
        f"Spearman's correlation over {number} complete trials, of each task's share of the weights "
        "with each task's R². Correlation is not causation here: the sampler chose the weights."
    )
    looked = f"of {len(effects)} pairs, corrected for looking at all of them (Holm, 5 %)"
    if not outstanding:
        return [method, f"Nothing stands out {looked}."]
    return [method, f"Standing out {looked}: {'; '.join(outstanding)}."]
