"""A study with all of its trials, and the values derived from them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args

from studies.fronts import front_numbers
from studies.identity import Identity
from studies.records.confirmation import Confirmation
from studies.records.held_out import Predictions, TestResult
from studies.records.provenance import DataAudit, Provenance, SearchedSpace
from studies.records.trial import State, TrialRecord
from studies.score import Watch

Direction = Literal["maximize", "minimize", "not set"]
_MAX_COLUMNS: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Number of trials by state."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0

    @property
    def finished(self) -> int:
        """Trials that count towards the total."""
        return self.complete + self.pruned

    def to_dict(self) -> dict[State, int]:
        """Counts by name of the state, zeros included."""
        return dataclasses.asdict(self)  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """A study and all of its trials."""

    name: str
    identity: Identity | None
    """`None` for a study that the search did not make."""
    data_source: str
    tasks: tuple[str, ...]
    watch: Watch
    space: SearchedSpace
    total: int | None
    """Number of trials that the latest search command asked for."""
    stopped: str | None
    """Why it ended before its total, as a sentence; `None` if it did not."""
    attainable: Mapping[str, Mapping[str, float]]
    """Best attainable R² by split and task; empty where it is unknown."""
    simple: Mapping[str, Mapping[str, float]]
    """R² on val by simple model and task; NaN where not defined."""
    trials: Sequence[TrialRecord]
    """By number."""
    confirmation: Confirmation | None = None
    predictions: Predictions | None = None
    """On the test split, by the chosen trial and the manual baseline."""
    data_audit: DataAudit | None = None
    provenance: Provenance | None = None
    directions: tuple[Direction, ...] = ("maximize",)
    """Of each objective."""
    optimal: tuple[int, ...] = ()
    """Numbers of the trials that Optuna calls best; only of a study that the search did not make, whose
    trials have no score."""
    left_out: tuple[str, ...] = ()
    """Attributes of this program that do not decode, each with its trial, if it is one's."""

    @property
    def is_foreign(self) -> bool:
        """Whether the search did not make the study."""
        return self.identity is None

    @property
    def is_pareto(self) -> bool:
        """Whether both watched R² are maximised as two objectives."""
        return self.identity is not None and self.identity.settings.get("objective") == "pareto"

    @cached_property
    def counts(self) -> Counts:
        """Number of trials by state."""
        states = [trial.state for trial in self.trials]
        return Counts(**{state: states.count(state) for state in get_args(State)})

    @cached_property
    def complete(self) -> tuple[TrialRecord, ...]:
        """Complete trials that have a score, by number."""
        return tuple(trial for trial in self.trials if trial.is_complete)

    @cached_property
    def searched(self) -> tuple[TrialRecord, ...]:
        """Complete trials whose hyperparameters the search suggested, by number."""
        return tuple(trial for trial in self.complete if trial.params)

    @cached_property
    def finished(self) -> tuple[TrialRecord, ...]:
        """Complete and pruned trials, by number."""
        return tuple(trial for trial in self.trials if trial.is_finished)

    @cached_property
    def ranked(self) -> tuple[TrialRecord, ...]:
        """Complete trials by score, the best first; the earlier of two equals first."""
        return tuple(sorted(self.complete, key=lambda trial: -(trial.score or 0.0)))

    @cached_property
    def best_first(self) -> Sequence[TrialRecord]:
        """As `ranked`; in a study that the search did not make, by the values of its one objective.

        Of several objectives, the trials that Optuna calls best.
        """
        if self.ranked or not self.is_foreign:
            return self.ranked
        complete = [trial for trial in self.trials if trial.state == "complete" and trial.values]
        if len(self.directions) > 1:
            return [trial for trial in complete if trial.number in self.optimal]
        sign = -1 if self.directions[0] == "maximize" else 1
        return sorted(complete, key=lambda trial: sign * (trial.values or (0.0,))[0])

    @cached_property
    def best(self) -> TrialRecord | None:
        """The complete trial of the highest score; the earliest of equals."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def baseline(self) -> TrialRecord | None:
        """The trial of the manual baseline: the finished one, else the running or waiting one."""
        trials = [t for t in self.trials if t.baseline and t.state != "failed"]
        return max(trials, key=lambda t: (t.is_finished, t.number), default=None)

    @property
    def best_simple_model(self) -> str | None:
        """The simple model of the highest score on val; `None` where none has a score."""
        scores = {name: self.watch.score_of(r2) for name, r2 in self.simple.items()}
        scored = [name for name, score in scores.items() if not math.isnan(score)]
        return max(scored, key=lambda name: scores[name], default=None)

    @cached_property
    def fronts(self) -> tuple[tuple[TrialRecord, ...], ...]:
        """Complete trials in non-dominated fronts of the two watched R², each by score."""
        watched = [(trial, self.watch.pick(trial.r2)) for trial in self.complete]
        watched = [(trial, r2) for trial, r2 in watched if r2.is_finite]
        numbers = front_numbers([(r2.cross_modal, r2.overall) for _, r2 in watched])
        fronts: list[list[TrialRecord]] = [[] for _ in range(max(numbers, default=-1) + 1)]
        for number, (trial, _) in zip(numbers, watched, strict=True):
            fronts[number].append(trial)
        return tuple(tuple(sorted(front, key=lambda t: -(t.score or 0.0))) for front in fronts)

    @property
    def pareto_front(self) -> tuple[TrialRecord, ...]:
        """Complete trials that no other trial beats in both watched R², by score."""
        return self.fronts[0] if self.fronts else ()

    @cached_property
    def epochs_spent(self) -> int:
        """Epochs of all trials, interrupted ones included."""
        return sum(trial.epochs for trial in self.trials)

    @cached_property
    def epochs_saved(self) -> int:
        """Planned epochs that pruned trials did not train."""
        return sum(t.planned_epochs - t.epochs for t in self.trials if t.state == "pruned")

    @property
    def share_saved(self) -> float:
        """Share of the planned epochs that pruning saved; 0 before the first epoch."""
        planned = self.epochs_spent + self.epochs_saved
        return self.epochs_saved / planned if planned else 0.0

    @cached_property
    def seconds(self) -> float:
        """Sum of the wall times of all trials, in seconds."""
        return sum(trial.seconds or 0.0 for trial in self.trials)

    @cached_property
    def chosen(self) -> int | None:
        """Number of the chosen trial; `None` where trials have been completed since the choice."""
        if self.confirmation is None:
            return None
        num_at_choice = self.confirmation.num_complete
        is_current = num_at_choice is None or num_at_choice == self.counts.complete
        return self.confirmation.chosen if is_current else None

    @property
    def chosen_trial(self) -> TrialRecord | None:
        """The trial that the confirmation chose, if its choice still holds."""
        return next((t for t in self.trials if t.number == self.chosen), None)

    @property
    def test(self) -> TestResult | None:
        """Results on the test split, perhaps of an earlier choice."""
        return None if self.confirmation is None else self.confirmation.test

    @property
    def columns(self) -> tuple[str, ...]:
        """Tasks that tables show as columns: all where they fit a line, else the watched ones."""
        return self.tasks if len(self.tasks) <= _MAX_COLUMNS else self.watch.tasks
