"""How much each searched setting decides the score, with intervals and beside chance.

Measured by Optuna's mean decrease of impurity in a random forest (Breiman, 2001), on the ranks of
the scores, so that one trial that diverged weighs no more than any other bad one. That measure
favours settings with many values; so each stands beside what it reaches with shuffled scores
(Altmann et al., 2010, doi:10.1093/bioinformatics/btq134).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from studies.records.provenance import SearchedParameter
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord
from studies.table import Table

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

LEAST: Final = 10
"""Complete trials below which nothing can be said."""
_TREES: Final = 24
_MOST_DRAWS, _LEAST_DRAWS, _TRIALS_DRAWN = 50, 20, 10_000
"""Half-samples, and shuffles: fewer where more trials make each of them slow."""
_SEED: Final = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """A setting's importance, as a share of all settings' sum."""

    name: str
    share: float
    low: float
    high: float
    """95 % interval over half-samples of the trials."""
    chance: float
    """What all settings stay below in 95 of 100 studies with shuffled scores."""
    num_trials: int
    """Trials that have the setting."""

    @property
    def stands_out(self) -> bool:
        """Whether it is above chance."""
        return self.share > self.chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """What a study's complete trials say about its settings."""

    num_trials: int
    weights: list[Weight]
    """The most important first; empty of too few trials."""


def importance(study: StudyRecord) -> Importance:
    """The importance of each setting that was searched.

    Of complete trials alone: a pruned one's score is of another epoch. Half-samples without
    replacement spread as much as the whole sample's estimate does (b / n over 1 - b / n is 1 for
    b = n / 2; Politis, Romano & Wolf, 1999), and unlike a bootstrap's they hold no trial twice,
    which a tree would learn by heart.
    """
    trials = study.searched
    if len(trials) < LEAST or len({trial.score for trial in trials}) < 2:
        return Importance(num_trials=len(trials), weights=[])
    import numpy as np
    from scipy.stats import rankdata

    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    evaluate = _evaluator(study, trials, names)
    ranks = rankdata([trial.score for trial in trials])
    rng = np.random.default_rng(_SEED)
    halves, shuffles = [], []
    for _ in range(max(_LEAST_DRAWS, min(_MOST_DRAWS, _TRIALS_DRAWN // len(trials)))):
        half = ranks.copy()
        half[rng.permutation(len(trials))[: len(trials) // 2]] = math.nan
        halves.append(evaluate(half))
        shuffles.append(evaluate(rng.permutation(ranks)))
    found, chance = evaluate(ranks), _chance(np.array(shuffles))
    # Where half the trials put the middle is another matter: only their spread is taken.
    spread = np.array(halves) - np.median(halves, axis=0)
    low, high = np.clip(np.quantile(found + spread, [0.025, 0.975], axis=0), 0.0, 1.0)
    weights = [
        Weight(
            name=name,
            share=float(found[place]),
            low=float(low[place]),
            high=float(high[place]),
            chance=float(chance[place]),
            num_trials=sum(name in trial.params for trial in trials),
        )
        for place, name in enumerate(names)
    ]
    ranked = sorted(weights, key=lambda weight: -weight.share)
    return Importance(num_trials=len(trials), weights=ranked)


def _chance(shuffles: Any) -> Any:
    """What all settings at once stay below in 95 of 100 studies in which nothing matters.

    Args:
        shuffles: Importances under shuffled scores, of shape (draws, settings).
    """
    import numpy as np

    typical = np.maximum(shuffles.mean(axis=0) + 2 * shuffles.std(axis=0), 1e-9)
    return typical * np.quantile((shuffles / typical).max(axis=1), 0.95, method="higher")


def _evaluator(
    study: StudyRecord, trials: Sequence[TrialRecord], names: Sequence[str]
) -> Callable[[Any], Any]:
    """From a score a trial, NaN for one left out, to the importance of each setting."""
    import numpy as np
    from optuna.importance import MeanDecreaseImpurityImportanceEvaluator
    from optuna.trial import create_trial

    declared = study.space.parameters
    known = {name: [t.params[name] for t in trials if name in t.params] for name in names}
    distributions = {name: distribution_of(declared.get(name), known[name]) for name in names}
    # A trial without a setting says nothing of it: it gets the middle one of those that were tried.
    middle = {name: sorted(known[name], key=_order)[len(known[name]) // 2] for name in names}
    copies = _quiet_study()
    copies.add_trials(
        create_trial(value=0.0, params=middle | dict(trial.params), distributions=distributions)
        for trial in trials
    )
    evaluator = MeanDecreaseImpurityImportanceEvaluator(n_trees=_TREES, seed=_SEED)

    def evaluate(scores: Any) -> Any:
        def target(trial: "FrozenTrial") -> float:
            return float(scores[trial.number])

        # Sorted: Optuna 5.0 gives its values by the order of names to names in the order asked for.
        found = evaluator.evaluate(copies, sorted(names), target=target)
        return np.array([found[name] for name in names])

    return evaluate


def _order(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _quiet_study() -> "optuna.Study":
    """In memory, and without a word on the terminal."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study()
    finally:
        optuna.logging.set_verbosity(before)


def distribution_of(
    parameter: SearchedParameter | None, values: Sequence[Any]
) -> "BaseDistribution":
    """As the space has it; around the values where it does not name the setting or hold them."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    choices = None if parameter is None else parameter.choices
    if choices is not None and all(value in choices for value in values):
        return CategoricalDistribution(choices)
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return CategoricalDistribution(sorted(set(values), key=_order))
    low, high = min(values), max(values)
    bounds = None if parameter is None else parameter.bounds
    if parameter is None or bounds is None or not bounds[0] <= low <= high <= bounds[1]:
        return FloatDistribution(low, high)
    if not parameter.is_integer:
        return FloatDistribution(*bounds, log=parameter.log)
    if any((value - bounds[0]) % parameter.step for value in values):
        return FloatDistribution(low, high)
    first, last = int(bounds[0]), int(bounds[1])
    return IntDistribution(first, last, log=parameter.log, step=parameter.step)


def importance_table(found: Importance) -> Table | None:
    """A row a setting, the most important first; `None` of too few trials."""
    if not found.weights:
        return None
    rows = [
        [
            weight.name,
            f"{weight.share:.0%} [{weight.low:.0%}, {weight.high:.0%}]",
            f"{weight.chance:.0%}",
            str(weight.num_trials),
            "above chance" if weight.stands_out else "",
        ]
        for weight in found.weights
    ]
    head = ["setting", "share [95 %]", "by chance", "trials", ""]
    return Table(title=f"importance, of {found.num_trials} complete trials", head=head, rows=rows)


def importance_sentences(found: Importance) -> list[str]:
    """What was measured, of how many trials, and what stands out."""
    if not found.weights:
        few = f"{found.num_trials} complete trial(s) with searched settings and a score: too few"
        return [f"{few} to say what matters, which takes at least {LEAST} whose scores differ."]
    out = [weight.name for weight in found.weights if weight.stands_out]
    told = (
        f"Of {found.num_trials} complete trials: the share of a random forest's decrease in impurity "
        "that falls to each setting, on the ranks of the scores. Intervals are 95 % over "
        "half-samples of the trials; 'by chance' is what all settings together stay below in 95 of "
        "100 studies with shuffled scores."
    )
    return [told, f"Above chance: {', '.join(out)}." if out else "No setting is above chance."]
