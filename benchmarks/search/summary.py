"""Each method over all seeds, and beside the others. Pure.

`time to` and `epochs to` are those until a method's incumbent first had the score that the reference ended
with for the same seed, as a share of what the reference took in all.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.search.curves import (
    Spread,
    best_trial,
    epochs_by,
    incumbents,
    seconds_to,
    spread,
)
from benchmarks.search.methods import OURS
from benchmarks.search.results import SearchRun
from studies.table import align

REFERENCE: Final = "optuna-median"
_SAME: Final = 1e-3
"""Scores this close count as one: threads add in another order, so the same trial differs a little."""
_HEADER: Final = (
    "method",
    "seeds",
    "wall s",
    "epochs",
    "search score",
    "confirmed",
    "time to",
    "epochs to",
    "reached",
    "ours - it",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A method's figures; each `Spread` is over seeds."""

    method: str
    seeds: int
    seconds: Spread
    epochs: Spread
    score: Spread
    """Of the final incumbent, as the search saw it."""
    confirmed: Spread
    time_to_reference: Spread
    """Over the seeds that reached it."""
    epochs_to_reference: Spread
    reached: int
    """Seeds whose incumbent came to the reference's final score at all."""
    compared: int
    """Seeds that the reference has too."""
    ours_better_by: Spread
    """Confirmed score of ours minus that of this method, paired by seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """When one run came to its reference's final score, as shares of the reference's whole run."""

    time: float
    epochs: float


def reach(run: SearchRun, reference: SearchRun) -> Reach | None:
    """When a run's incumbent first had the reference's final score; `None` if it never had."""
    target = incumbents(reference.trials)[-1][1]
    seconds = seconds_to(incumbents(run.trials), target - _SAME)
    if seconds is None:
        return None
    return Reach(
        time=seconds / reference.seconds, epochs=epochs_by(run.trials, seconds) / reference.epochs
    )


def summarise(runs: Sequence[SearchRun]) -> list[Row]:
    """A row a method, in the order in which the runs name them."""
    by_method: dict[str, dict[int, SearchRun]] = {}
    for run in runs:
        by_method.setdefault(run.method, {})[run.seed] = run
    return [_row(method, own, by_method) for method, own in by_method.items()]


def _row(
    method: str, own: Mapping[int, SearchRun], all_runs: Mapping[str, Mapping[int, SearchRun]]
) -> Row:
    references, ours = all_runs.get(REFERENCE, {}), all_runs.get(OURS, {})
    compared = [reach(own[seed], references[seed]) for seed in own if seed in references]
    reached = [found for found in compared if found is not None]
    pairs = [
        (ours[seed].confirmed_score, run.confirmed_score)
        for seed, run in own.items()
        if seed in ours and method != OURS
    ]
    return Row(
        method=method,
        seeds=len(own),
        seconds=spread(run.seconds for run in own.values()),
        epochs=spread(run.epochs for run in own.values()),
        score=spread(best_trial(run.trials).score for run in own.values()),
        confirmed=spread(run.confirmed_score for run in own.values()),
        time_to_reference=spread(found.time for found in reached),
        epochs_to_reference=spread(found.epochs for found in reached),
        reached=len(reached),
        compared=len(compared),
        ours_better_by=spread(a - b for a, b in pairs if a is not None and b is not None),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal, each figure with the half of its 95 % interval."""
    cells = [
        (
            row.method,
            str(row.seeds),
            row.seconds.text(0),
            row.epochs.text(0),
            row.score.text(3),
            _counted(row.confirmed, row.seeds),
            row.time_to_reference.text(2),
            row.epochs_to_reference.text(2),
            f"{row.reached} of {row.compared}",
            row.ours_better_by.text(3),
        )
        for row in rows
    ]
    return align([_HEADER, *cells])


def baseline_note(runs: Sequence[SearchRun]) -> str | None:
    """What the manual's network, which the peers do not train, cost our own searches."""
    own = [trial for run in runs for trial in run.trials if trial.baseline]
    if not own:
        return None
    seconds = spread(trial.ended - trial.started for trial in own)
    epochs = spread(trial.epochs for trial in own)
    return (
        f"of ours, the manual's network took {epochs.text(0)} epochs and {seconds.text(0)} s of one "
        "worker"
    )


def to_plain(runs: Sequence[SearchRun]) -> dict[str, Any]:
    """Rows and runs for JSON; a run with its incumbents in place of its trials."""
    return {
        "methods": [dataclasses.asdict(row) for row in summarise(runs)],
        "runs": [
            {
                "method": run.method,
                "seed": run.seed,
                "seconds": run.seconds,
                "epochs": run.epochs,
                "trials": len(run.trials),
                "confirmed": run.confirmed_score,
                "incumbents": incumbents(run.trials),
            }
            for run in runs
        ],
    }


def _counted(found: Spread, seeds: int) -> str:
    """A figure, and of how many seeds where some have none."""
    text = found.text(3)
    return text if found.num == seeds else f"{text} ({found.num} of {seeds})"
