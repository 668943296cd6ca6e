"""This project's rule, replayed as `search.pruners.factory` applies it."""

from collections import defaultdict
from collections.abc import Callable

from benchmarks.replay.trials import Outcome, Trials, in_turn
from search.pruners.paired_error import paired_error
from search.pruners.rule import PruningRule
from studies.score import Figures


def cycle(trials: Trials, *, rule: PruningRule) -> Outcome:
    """Judges at a trial's rungs, against all trials that reached the same one before."""
    rungs = _Rungs(trials, rule)
    return in_turn(trials, [rungs.stop(number) for number in range(len(trials))])


class _Rungs:
    """Who reached which rung so far."""

    def __init__(self, trials: Trials, rule: PruningRule) -> None:
        self.trials = trials
        self.rule = rule
        self.figures: dict[int, list[Figures]] = defaultdict(list)
        self.numbers: dict[int, list[int]] = defaultdict(list)

    def stop(self, number: int) -> int | None:
        """Takes the next trial through its rungs; the one that it is stopped at."""
        end, patience = int(self.trials.ends[number]), self.rule.patience_cycles
        behind: list[bool] = []
        for epoch in self.trials.rungs[number]:
            # Who diverges at a rung has not reached it.
            if epoch > end or (epoch == end and not self.trials.finishes[number]):
                return None
            # At the last epoch nothing is left to save.
            behind.append(epoch < end and self._is_behind(number, epoch, cycle=len(behind) + 1))
            self.figures[epoch].append(self._figures(number, epoch))
            self.numbers[epoch].append(number)
            # With one worker nobody arrives between two rungs of a trial, so that what it was at an
            # earlier one is what the search would find if it looked again.
            in_a_row = len(behind) >= patience and all(behind[-patience:])
            if in_a_row and len(behind) > self.rule.grace_cycles:
                return epoch
        return None

    def _is_behind(self, number: int, epoch: int, *, cycle: int) -> bool:
        return self.rule.decide(
            self._figures(number, epoch),
            self.figures[epoch],
            epoch=epoch,
            watch=self.trials.watch,
            cycle=cycle,
            error=self._error(number, epoch),
        ).prune

    def _figures(self, number: int, epoch: int) -> Figures:
        first, second = self.trials.figures[number, epoch - 1].tolist()
        return Figures(cross_modal=first, overall=second)

    def _error(self, number: int, epoch: int) -> Callable[[int], float] | None:
        losses = self.trials.losses
        if losses is None:
            return None
        own, numbers = losses[number].get(epoch), self.numbers[epoch]
        return lambda peer: paired_error(own, losses[numbers[peer]].get(epoch))
