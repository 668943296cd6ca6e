"""This project's rule, replayed as `search.pruners.cycle_end` applies it."""

from collections import defaultdict
from collections.abc import Callable

from benchmarks.pruners.trials import Outcome, Trials, in_turn
from search.pruners.paired_error import paired_error
from search.pruners.rule import PruningRule
from studies.score import WatchedR2


def replay_cycle(trials: Trials, *, rule: PruningRule) -> Outcome:
    """Judges each trial at its rungs, against all trials that reached the same rung before."""
    rungs = _Rungs(trials, rule)
    return in_turn(trials, [rungs.stop(number) for number in range(len(trials))])


class _Rungs:
    """Which trials have reached which rung so far."""

    def __init__(self, trials: Trials, rule: PruningRule) -> None:
        self.trials = trials
        self.rule = rule
        self.metrics: dict[int, list[WatchedR2]] = defaultdict(list)
        self.numbers: dict[int, list[int]] = defaultdict(list)

    def stop(self, number: int) -> int | None:
        """Takes the next trial through its rungs; gives the one at which it is stopped."""
        end, patience = int(self.trials.ends[number]), self.rule.patience_cycles
        behind: list[bool] = []
        for epoch in self.trials.rungs[number]:
            # A trial that diverges at a rung has not reached it.
            if epoch > end or (epoch == end and not self.trials.finishes[number]):
                return None
            # At the last epoch nothing is left to save.
            behind.append(epoch < end and self._is_behind(number, epoch, cycle=len(behind) + 1))
            self.metrics[epoch].append(self._metrics(number, epoch))
            self.numbers[epoch].append(number)
            # With one worker no other trial arrives between two rungs of this one, so its place at an
            # earlier rung is still the place that the search would compute.
            behind_in_a_row = len(behind) >= patience and all(behind[-patience:])
            if behind_in_a_row and len(behind) > self.rule.grace_cycles:
                return epoch
        return None

    def _is_behind(self, number: int, epoch: int, *, cycle: int) -> bool:
        return self.rule.decide(
            self._metrics(number, epoch),
            self.metrics[epoch],
            epoch=epoch,
            watch=self.trials.watch,
            cycle=cycle,
            error=self._error(number, epoch),
        ).prune

    def _metrics(self, number: int, epoch: int) -> WatchedR2:
        first, second = self.trials.metrics[number, epoch - 1].tolist()
        return WatchedR2(cross_modal=first, overall=second)

    def _error(self, number: int, epoch: int) -> Callable[[int], float] | None:
        losses = self.trials.losses
        if losses is None:
            return None
        trial_losses, numbers = losses[number].get(epoch), self.numbers[epoch]
        return lambda peer: paired_error(trial_losses, losses[numbers[peer]].get(epoch))
