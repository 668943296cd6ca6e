"""Do a task's weight and the tasks' R² go together? Rank correlations over complete trials."""

import math
from dataclasses import dataclass
from typing import Final

from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

LEAST: Final = 8
"""Complete trials below which a correlation says nothing."""
_LEVEL: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """A task's effective weight against a task's R²."""

    weight_of: str
    r2_of: str
    correlation: float
    """Spearman's."""
    num_trials: int
    stands_out: bool
    """Whether it is apart from nothing after Holm's correction for all pairs looked at, at 5 %."""


def weight_effects(study: StudyRecord) -> list[Effect]:
    """Every pair of weight and R² with enough trials; none where no weight was searched.

    Weights are taken as shares of their sum, since a factor common to all of them changes nothing.
    """
    from scipy.stats import spearmanr

    trials = study.searched
    names = study.tasks
    found: list[tuple[str, str, float, int, float]] = []
    for weighted in names:
        for other in names:
            pairs = [
                (share, value)
                for trial in trials
                if (share := _share(trial, weighted)) is not None
                and not math.isnan(value := trial.r2.get(other, math.nan))
            ]
            if len(pairs) < LEAST or any(len(set(side)) < 2 for side in zip(*pairs, strict=True)):
                continue
            tested = spearmanr(*zip(*pairs, strict=True))
            rho, chance = float(tested.statistic), float(tested.pvalue)
            found.append((weighted, other, rho, len(pairs), chance))
    out = _holm([chance for *_, chance in found])
    return [
        Effect(
            weight_of=weighted, r2_of=other, correlation=rho, num_trials=number, stands_out=apart
        )
        for (weighted, other, rho, number, _), apart in zip(found, out, strict=True)
    ]


def _share(trial: TrialRecord, task: str) -> float | None:
    weights = ((trial.config or {}).get("training") or {}).get("task_weights") or {}
    total = sum(weights.values())
    return weights[task] / total if task in weights and total > 0 else None


def _holm(chances: list[float]) -> list[bool]:
    """Which hypotheses fall at 5 % over all of them together (Holm, 1979)."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    out = [False] * len(chances)
    for place, index in enumerate(order):
        if chances[index] > _LEVEL / (len(chances) - place):
            break
        out[index] = True
    return out


def weight_sentences(effects: list[Effect]) -> list[str]:
    """Which pairs stand out, in words."""
    if not effects:
        return []
    least, most = min(e.num_trials for e in effects), max(e.num_trials for e in effects)
    number = str(most) if least == most else f"{least} to {most}"
    out = [
        f"weight of {effect.weight_of} and R² of {effect.r2_of} ({effect.correlation:+.2f})"
        for effect in sorted(effects, key=lambda effect: -abs(effect.correlation))
        if effect.stands_out
    ]
    told = (
        f"Spearman's correlation over {number} complete trials, of each task's share of the weights "
        "with each task's R². It is no experiment: the sampler chose the weights."
    )
    looked = f"of {len(effects)} pairs, corrected for looking at all of them (Holm, 5 %)"
    if not out:
        return [told, f"Nothing stands out {looked}."]
    return [told, f"Standing out {looked}: {'; '.join(out)}."]
