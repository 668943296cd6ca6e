"""Optuna's adapter of the pruning rule: both watched R² at the ends of cosine cycles."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna
from optuna.pruners import BasePruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from search.pruners.paired_error import paired_error
from search.pruners.rule import Decision, PruningRule
from studies.records import attributes
from studies.records.read import read_history, read_spared
from studies.score import Watch, WatchedR2
from studies.trial_states import BUDGETED


@dataclass(frozen=True, slots=True)
class Standing:
    """A trial at a rung."""

    r2: WatchedR2
    losses: Sequence[float] | None
    """Per-cluster losses; `None` where none were stored."""


class CycleEndPruner(BasePruner):
    """Prunes at the ends of cosine cycles by both watched R².

    Stateless: every decision is made from what the storage holds, so any number of workers on any
    number of machines judge alike. Reads a trial's judged epochs from its stored history; of a
    trial without one, each reported value stands for both R², so that it works with any study.
    """

    def __init__(self, rule: PruningRule, watch: Watch) -> None:
        self.rule = rule
        self.watch = watch
        # Finished trials do not change, and reading 5,000 histories takes longer than judging.
        self._finished: dict[str, dict[int, Mapping[int, Standing]]] = {}

    def decide(
        self, study: optuna.Study, trial: FrozenTrial, trials: Sequence[FrozenTrial] | None = None
    ) -> Decision:
        """The rule's decision on a trial at its last judged epoch, with the reason.

        Args:
            study: The study.
            trial: The one to judge.
            trials: All of the study, where they have been read already.
        """
        standings = self._standings(study, trial)
        if not standings:
            return Decision(prune=False, reason="no judged epoch yet")
        rungs = sorted(standings)
        if not standings[rungs[-1]].r2.is_finite:
            return self.rule.decide(standings[rungs[-1]].r2, (), epoch=rungs[-1], watch=self.watch)
        if len(rungs) <= self.rule.grace_cycles:
            grace = f"in the grace of the first {self.rule.grace_cycles} cycles"
            return Decision(prune=False, reason=f"epoch {rungs[-1]}: {grace}")
        peers = [
            self._standings(study, other)
            for other in (study.get_trials(deepcopy=False) if trials is None else trials)
            # The manual baseline has other cycles: it is compared with, but sets no bar for others.
            if other.state in BUDGETED
            and other.number != trial.number
            and not other.user_attrs.get(attributes.BASELINE)
        ]
        decision = self._decide_at(rungs[-1], standings, peers)
        patience = self.rule.patience_cycles
        if not decision.prune or patience == 1:
            return decision
        before = rungs[-patience:-1]
        if len(before) < patience - 1 or not all(
            self._decide_at(e, standings, peers).prune for e in before
        ):
            patient = f"; not behind for {patience} cycles in a row yet"
            return Decision(prune=False, reason=decision.reason + patient)
        return decision

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Optuna's interface: `decide` without the reason."""
        return self.decide(study, trial).prune

    def _decide_at(
        self, epoch: int, standings: Mapping[int, Standing], peers: list[Mapping[int, Standing]]
    ) -> Decision:
        at_rung = [peer[epoch] for peer in peers if epoch in peer]
        return self.rule.decide(
            standings[epoch].r2,
            [peer.r2 for peer in at_rung],
            epoch=epoch,
            watch=self.watch,
            cycle=1 + sum(rung < epoch for rung in standings),
            error=lambda peer: paired_error(standings[epoch].losses, at_rung[peer].losses),
        )

    def _standings(self, study: optuna.Study, trial: FrozenTrial) -> Mapping[int, Standing]:
        """The trial's standing at each of its judged epochs."""
        cached = self._finished.setdefault(study.study_name, {})
        if trial.number in cached:
            return cached[trial.number]
        if attributes.HISTORY in trial.user_attrs:
            # A spared trial runs on to check the rule only: after its verdict no other is ranked against it.
            spared = read_spared(trial)
            last = math.inf if spared is None else spared.epoch
            reached = {
                entry.epoch: Standing(self.watch.pick(entry.r2), entry.losses)
                for entry in read_history(trial)
                if entry.judged and entry.epoch <= last
            }
        else:
            reached = _reported(study, trial)
        if trial.state.is_finished():
            cached[trial.number] = reached
        return reached


def _reported(study: optuna.Study, trial: FrozenTrial) -> dict[int, Standing]:
    """Each step's reported value, for both R²; its sign is such that higher is better."""
    if not trial.intermediate_values:
        return {}
    sign = 1.0 if study.direction is StudyDirection.MAXIMIZE else -1.0
    return {
        step: Standing(WatchedR2(cross_modal=sign * value, overall=sign * value), None)
        for step, value in trial.intermediate_values.items()
    }
