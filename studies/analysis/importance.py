"""Importance of each searched hyperparameter, with intervals and a comparison to chance.

Measured by Optuna's mean decrease of impurity in a random forest (Breiman, 2001), on the ranks of
the scores, so that one diverged trial counts no more than any other bad one. That measure favours
hyperparameters with many values; so each is compared to its importance under shuffled scores
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

MIN_TRIALS: Final = 10
"""Number of complete trials below which importance is not estimated."""
_TREES: Final = 24
_MAX_DRAWS, _MIN_DRAWS, _TRIALS_DRAWN = 50, 20, 10_000
"""Number of half-samples, and of shuffles: fewer where more trials make each of them slower."""
_SEED: Final = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HyperparameterImportance:
    """Importance of a hyperparameter, as a share of the sum over all of them."""

    name: str
    share: float
    low: float
    high: float
    """95 % interval over half-samples of the trials."""
    chance: float
    """Importance that no hyperparameter exceeds in 95 % of studies with shuffled scores."""
    num_trials: int
    """Number of trials that have the hyperparameter."""

    @property
    def stands_out(self) -> bool:
        """Whether it is above chance."""
        return self.share > self.chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """Importance of all hyperparameters of a study, from its complete trials."""

    num_trials: int
    hyperparameters: list[HyperparameterImportance]
    """The most important first; empty where there are too few trials."""


def importance(study: StudyRecord) -> Importance:
    """The importance of each hyperparameter that was searched.

    Only complete trials count, since the score of a pruned one is of an earlier epoch. Estimates on
    half-samples without replacement spread as much as the estimate on the whole sample does
    (b / n over 1 - b / n is 1 for b = n / 2; Politis, Romano & Wolf, 1999). A bootstrap would hold
    some trials twice, to which a tree overfits.
    """
    trials = study.searched
    if len(trials) < MIN_TRIALS or len({trial.score for trial in trials}) < 2:
        return Importance(num_trials=len(trials), hyperparameters=[])
    import numpy as np
    from scipy.stats import rankdata

    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    evaluate = _evaluator(study, trials, names)
    ranks = rankdata([trial.score for trial in trials])
    rng = np.random.default_rng(_SEED)
    halves, shuffles = [], []
    for _ in range(max(_MIN_DRAWS, min(_MAX_DRAWS, _TRIALS_DRAWN // len(trials)))):
        half = ranks.copy()
        half[rng.permutation(len(trials))[: len(trials) // 2]] = math.nan
        halves.append(evaluate(half))
        shuffles.append(evaluate(rng.permutation(ranks)))
    shares, chance = evaluate(ranks), _chance(np.array(shuffles))
    # Estimates on half the trials are biased: only their spread is used.
    spread = np.array(halves) - np.median(halves, axis=0)
    low, high = np.clip(np.quantile(shares + spread, [0.025, 0.975], axis=0), 0.0, 1.0)
    entries = [
        HyperparameterImportance(
            name=name,
            share=float(shares[place]),
            low=float(low[place]),
            high=float(high[place]),
            chance=float(chance[place]),
            num_trials=sum(name in trial.params for trial in trials),
        )
        for place, name in enumerate(names)
    ]
    ranked = sorted(entries, key=lambda entry: -entry.share)
    return Importance(num_trials=len(trials), hyperparameters=ranked)


def _chance(shuffles: Any) -> Any:
    """Importance that no hyperparameter exceeds in 95 % of studies in which none of them matters.

    Args:
        shuffles: Importances under shuffled scores, of shape (draws, hyperparameters).
    """
    import numpy as np

    typical = np.maximum(shuffles.mean(axis=0) + 2 * shuffles.std(axis=0), 1e-9)
    return typical * np.quantile((shuffles / typical).max(axis=1), 0.95, method="higher")


def _evaluator(
    study: StudyRecord, trials: Sequence[TrialRecord], names: Sequence[str]
) -> Callable[[Any], Any]:
    """A function from the trials' scores (NaN leaves one out) to the importance of each of `names`."""
    import numpy as np
    from optuna.importance import MeanDecreaseImpurityImportanceEvaluator
    from optuna.trial import create_trial

    declared = study.space.parameters
    tried = {name: [t.params[name] for t in trials if name in t.params] for name in names}
    distributions = {name: distribution_of(declared.get(name), tried[name]) for name in names}
    # A trial without a conditional hyperparameter gets the median of the values that were tried.
    medians = {name: sorted(tried[name], key=_order)[len(tried[name]) // 2] for name in names}
    copies = _quiet_study()
    copies.add_trials(
        create_trial(value=0.0, params=medians | dict(trial.params), distributions=distributions)
        for trial in trials
    )
    evaluator = MeanDecreaseImpurityImportanceEvaluator(n_trees=_TREES, seed=_SEED)

    def evaluate(scores: Any) -> Any:
        def target(trial: "FrozenTrial") -> float:
            return float(scores[trial.number])

        # Sorted: Optuna 5.0 computes importances in sorted order, but labels them in the order asked for.
        by_name = evaluator.evaluate(copies, sorted(names), target=target)
        return np.array([by_name[name] for name in names])

    return evaluate


def _order(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _quiet_study() -> "optuna.Study":
    """A study in memory, made without a log message."""
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
    """The distribution that the space declares; one around the values where they do not fit it."""
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


def importance_table(importances: Importance) -> Table | None:
    """A row for each hyperparameter, the most important first; `None` for too few trials."""
    if not importances.hyperparameters:
        return None
    rows = [
        [
            entry.name,
            f"{entry.share:.0%} [{entry.low:.0%}, {entry.high:.0%}]",
            f"{entry.chance:.0%}",
            str(entry.num_trials),
            "above chance" if entry.stands_out else "",
        ]
        for entry in importances.hyperparameters
    ]
    head = ["hyperparameter", "share [95 %]", "by chance", "trials", ""]
    return Table(
        title=f"importance, of {importances.num_trials} complete trials", head=head, rows=rows
    )


def importance_sentences(importances: Importance) -> list[str]:
    """What was measured, on how many trials, and which hyperparameters are above chance."""
    if not importances.hyperparameters:
        few = f"{importances.num_trials} complete trial(s) with searched hyperparameters and a score: too few"
        return [
            f"{few} to estimate importance, expected at least {MIN_TRIALS} whose scores differ."
        ]
    above = [entry.name for entry in importances.hyperparameters if entry.stands_out]
    method = (
        f"From {importances.num_trials} complete trials: each hyperparameter's share of the decrease in "
        "impurity in a random forest, on the ranks of the scores. Intervals are 95 % over half-samples "
        "of the trials; 'by chance' is the share that no hyperparameter exceeds in 95 % of studies with "
        "shuffled scores."
    )
    return [
        method,
        f"Above chance: {', '.join(above)}." if above else "No hyperparameter is above chance.",
    ]
