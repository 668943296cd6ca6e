"""When to end a study: when more trials would gain less than the standard error of its best score.

The expected gain is that of peaks over a threshold (Pickands, 1975; Davison & Smith, 1990): scores
above the sixth best are taken as exponential, and later trials exceed it as often as the trials so far.
R² cannot exceed 1, so its tail is lighter than exponential and the gain is overestimated. Nothing is
assumed of the space, and a pruned trial counts as one that did not exceed it. Optuna's evaluators
(regret bound, EMMR, stagnation) were tried and not used: see docs/experiments/015.

The uncertainty is the standard error of R² over n labels, with variance 4 R² (1 - R²)² / n (Olkin &
Finn, 1995; Cohen et al., 2003, section 3.7).
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState
from scipy.special import exp1

from studies.records import attributes
from studies.records.read import read_trial
from studies.records.trial import BestEpoch
from studies.score import Watch
from studies.storage.optuna_internals import queued_point
from studies.trial_states import FINISHED

MIN_FINISHED: Final = 40
"""Finished trials before the rule is applied: up to 20 are drawn without a model, and as many again
show what the sampler has learned from them."""
_NUM_TOP: Final = 5
"""Scores that make up the tail. With 10, simulated studies go on for 131 of 200 trials and not for 88,
and lose hardly less (docs/experiments/015)."""


def is_over(
    study: optuna.Study, trials: Sequence[FrozenTrial], *, total: int, watch: Watch
) -> bool:
    """Whether a study ends before its total, by this call or an earlier one of any worker.

    Called under the study's lock. The reason is stored with the study, so that all workers agree.
    """
    if study.user_attrs.get(attributes.STOPPED):
        return True
    reason = reason_to_stop(trials, total=total, watch=watch)
    if reason is not None:
        study.set_user_attr(attributes.STOPPED, reason)
    return reason is not None


def reason_to_stop(trials: Sequence[FrozenTrial], *, total: int, watch: Watch) -> str | None:
    """Why a study may end here, in words; `None` where it goes on.

    A study with queued trials goes on: the user asked for those.

    Args:
        trials: All of the study.
        total: The study's total of trials.
        watch: The two watched tasks and the score.
    """
    if any(trial.state is TrialState.WAITING for trial in trials):
        return None
    finished = [t for t in trials if t.state in FINISHED]
    complete = [t for t in finished if t.state is TrialState.COMPLETE]
    drawn = [t.values[0] for t in complete if _is_drawn(t)]
    num_left = total - len(finished) - sum(t.state is TrialState.RUNNING for t in trials)
    if len(finished) < MIN_FINISHED or len(drawn) <= _NUM_TOP or num_left < 1:
        return None
    best = max(complete, key=lambda t: t.values[0])
    gain = expected_gain(drawn, best=best.values[0], num_drawn=len(finished), num_left=num_left)
    reached = read_trial(best).best
    if reached is None:  # not a trial of the search's objective
        return None
    error = standard_error(reached, watch)
    if gain >= error:
        return None
    return (
        f"after {len(finished)} trials, the {num_left} left are expected to raise the best score of "
        f"{best.values[0]:.3f} by {gain:.4f}, less than its standard error of {error:.4f}"
    )


def _is_drawn(trial: FrozenTrial) -> bool:
    """Whether the sampler drew it, unlike the manual baseline and queued points.

    A requeued trial counts: the sampler drew its point before.
    """
    queued = queued_point(trial) is not None and attributes.RETRIES not in trial.user_attrs
    return not queued and not trial.user_attrs.get(attributes.BASELINE)


def expected_gain(scores: Sequence[float], *, best: float, num_drawn: int, num_left: int) -> float:
    """Expected amount by which the best of the trials to come exceeds the best so far.

    With u the sixth best score, beta the mean excess of the five above it, and lambda the expected
    number of trials to come above the best, m (5 / n) exp(-(best - u) / beta): that number is
    Poisson, and the mean of max(0, highest to come - best) is beta * Ein(lambda), where
    Ein(x) = ln x + gamma + E1(x) is the integral of (1 - exp(-s)) / s from 0 to x.

    Args:
        scores: Scores of complete trials, more than five.
        best: The highest of them, or a higher score of a trial that was not drawn.
        num_drawn: Trials n that have ended, complete or not.
        num_left: Trials m to come.
    """
    ranked = sorted(scores, reverse=True)
    threshold = ranked[_NUM_TOP]
    scale = float(np.mean(ranked[:_NUM_TOP])) - threshold
    if scale <= 0 or num_left <= 0:
        return 0.0
    rate = num_left * _NUM_TOP / num_drawn * math.exp(-(best - threshold) / scale)
    if rate < 1e-9:
        return scale * rate
    return scale * (math.log(rate) + float(np.euler_gamma) + float(exp1(rate)))


def standard_error(best: BestEpoch, watch: Watch) -> float:
    """The standard error of a trial's score from its number of validation labels.

    The errors of two tasks are taken as independent. Tasks of the same clips tend to err together, so
    the error is underestimated and a study goes on rather too long. With an R² of 0 or less there is
    no reason to stop: its error counts as 0.

    Args:
        best: R² and labels of the trial at its best epoch.
        watch: The score's tasks and weights.
    """
    variance = 0.0
    for task in watch.tasks:
        r2 = best.r2.get(task, math.nan)
        num_labels = best.num_labels.get(task, 0)
        if r2 > 0 and num_labels:
            variance += watch.weight(task) ** 2 * 4 * r2 * (1 - r2) ** 2 / num_labels
    return math.sqrt(variance)
