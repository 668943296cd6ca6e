"""The pruner `iepoch`: all trials stop at the first rung, then the best few are trained to their end."""

from collections.abc import Sequence
from typing import Final

import optuna
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial, TrialState

from search.pruners.rule import Decision
from studies.fronts import front_numbers
from studies.records import attributes
from studies.records.read import read_history
from studies.score import Watch, WatchedR2
from studies.trial_states import BUDGETED, NOT_FAILED, PENDING

NUM_FINISHED: Final = 5
"""Trials of a study that are trained to their end; a quarter of all where there are under twenty."""


def queue_best_at_first_rung(study: optuna.Study, *, total: int, watch: Watch) -> bool:
    """Queues the best trials at the first rung, once all others of the study have ended.

    Called under the study's lock before a trial is claimed.

    Args:
        study: The study.
        total: Its trials in all, those that are trained to their end included.
        watch: The two watched tasks and the score.

    Returns:
        Whether the worker must wait: some trials have not reached the first rung yet.
    """
    trials = study.get_trials(deepcopy=False)
    spent = sum(trial.state in BUDGETED for trial in trials)
    places = min(NUM_FINISHED, max(1, total // 4))
    if spent < total - places or spent >= total:
        return False
    if any(t.state in PENDING for t in trials if attributes.FINISHES in t.user_attrs):
        return False
    running = [trial for trial in trials if trial.state is TrialState.RUNNING]
    # The manual baseline is not ranked at the first rung, and takes longer to reach it.
    if any(not trial.user_attrs.get(attributes.BASELINE) for trial in running):
        return True
    for trial in best_at_first_rung(trials, watch)[: total - spent]:
        study.enqueue_trial(trial.params, user_attrs={attributes.FINISHES: trial.number})
    return False


def best_at_first_rung(trials: Sequence[FrozenTrial], watch: Watch) -> list[FrozenTrial]:
    """Trials stopped at the first rung and not finished since, by front at that rung, then by score."""
    finished = {
        trial.user_attrs.get(attributes.FINISHES) for trial in trials if trial.state in NOT_FAILED
    }
    standings = [
        (trial, watched)
        for trial in trials
        if trial.state is TrialState.PRUNED and trial.number not in finished and trial.params
        if (watched := _at_first_rung(trial, watch)) is not None and watched.is_finite
    ]
    fronts = front_numbers([(r2.cross_modal, r2.overall) for _, r2 in standings])
    order = sorted(range(len(standings)), key=lambda i: (fronts[i], -watch.score(standings[i][1])))
    return [standings[i][0] for i in order]


def _at_first_rung(trial: FrozenTrial, watch: Watch) -> WatchedR2 | None:
    rung = next((epoch for epoch in read_history(trial) if epoch.judged), None)
    return None if rung is None else watch.pick(rung.r2)


class FirstRungPruner(BasePruner):
    """Stops every trial at its first rung; the best few are trained to their end afterwards.

    The i-epoch baseline of Egele et al. (2024), "The unreasonable effectiveness of early
    discarding after one epoch". `queue_best_at_first_rung` queues those few; they, like the manual
    baseline, are never stopped.
    """

    def decide(self, trial: FrozenTrial) -> Decision:
        """Stops a trial that has reached a rung, unless it is one of those to finish."""
        if attributes.FINISHES in trial.user_attrs:
            return Decision(prune=False, reason="one of the best at the first rung: is finished")
        rung = next((epoch.epoch for epoch in read_history(trial) if epoch.judged), None)
        if rung is None:
            return Decision(prune=False, reason="no judged epoch yet")
        explanation = "all stop at the first rung, the best of them are finished at the end"
        return Decision(prune=True, reason=f"epoch {rung}: {explanation}")

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:  # noqa: ARG002 - Optuna's
        """Optuna's interface: `decide` without the reason."""
        return self.decide(trial).prune
