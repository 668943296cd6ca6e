"""The result of one search by one method, and its file. Times are seconds; nothing here needs torch."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from avq_core.files import whole_file

RESULTS_VERSION: Final = 2
"""Of the result files; raised when their layout changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialRun:
    """One trial of a search."""

    number: int
    started: float
    """Seconds from the search's start; while the search runs, seconds since 1970."""
    ended: float
    """As `started`."""
    epochs: int
    """Trained."""
    score: float | None
    """What the method chooses by; `None` for a trial that it would not choose."""
    best_epoch: int
    """The epoch that gave the score, counted from 1; 0 where there is none."""
    config: dict[str, Any]
    """Full and effective, as `avq_core.config.values.to_dict` gives it."""
    baseline: bool = False
    """Whether it is the manual baseline, which only our own search trains."""

    def after(self, start: float) -> Self:
        """The same trial with its times counted from a start."""
        return dataclasses.replace(self, started=self.started - start, ended=self.ended - start)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRun:
    """One method's search with one seed."""

    method: str
    seed: int
    seconds: float
    """Wall time of its process, from start to end."""
    trials: tuple[TrialRun, ...]
    confirmed: Mapping[int, tuple[float | None, ...]] = field(default_factory=dict)
    """A trial's number to its configuration's score on each fold, `None` where it diverged."""

    @property
    def epochs(self) -> int:
        """Trained by all trials, stopped ones included."""
        return sum(trial.epochs for trial in self.trials)

    def confirmed_score(self, number: int) -> float | None:
        """A trial's mean over folds; `None` where a fold has no score."""
        scores = self.confirmed.get(number, (None,))
        finite = [score for score in scores if score is not None]
        return sum(finite) / len(finite) if len(finite) == len(scores) else None


def write_trials(path: Path, trials: Sequence[TrialRun]) -> None:
    """Writes the trials of a finished search, for the process that started it."""
    with whole_file(path) as file:
        json.dump([dataclasses.asdict(trial) for trial in trials], file)


def read_trials(path: Path) -> list[TrialRun]:
    """The inverse of `write_trials`."""
    return [TrialRun(**trial) for trial in json.loads(path.read_text(encoding="utf-8"))]


def write_run(path: Path, run: SearchRun) -> None:
    """Writes a search's results, whole or not at all."""
    with whole_file(path) as file:
        json.dump(dataclasses.asdict(run), file)


def read_run(path: Path) -> SearchRun | None:
    """The inverse of `write_run`; `None` where there is no such file."""
    if not path.exists():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    values["trials"] = tuple(TrialRun(**trial) for trial in values["trials"])
    confirmed = values["confirmed"].items()
    values["confirmed"] = {int(number): tuple(scores) for number, scores in confirmed}
    return SearchRun(**values)
