"""Each method over all seeds, and beside the others. Pure.

A search is compared with the reference of its seed: from when on were its incumbents never below the
reference's final score? By confirmed scores, that is when a user could have stopped and lost nothing; by search
scores, it depends on how lucky the reference's best score was.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from avq_core.display.tables import text_table
from benchmarks.search.curves import (
    Curve,
    confirmed_curve,
    epochs_by,
    incumbents,
    searched_curve,
    seconds_to,
)
from benchmarks.search.methods import OURS
from benchmarks.search.results import SearchRun
from benchmarks.spread import Spread, spread

REFERENCE: Final = "optuna-median"
_SAME: Final = 1e-3
"""Scores this close count as equal: threads add in another order, so the same trial differs a little."""
TO: Final = (
    "time to, epochs to: when its incumbents were confirmed at no less than {0}'s final choice from then on, as a "
    "share of that search's time and epochs, over the seeds that reached it;\n(searched): the same by search scores"
)
"""The legend of the table, given the reference's name."""
_HEADER: Final = (
    "method",
    "seeds",
    "wall s",
    "epochs",
    "search score",
    "confirmed",
    "ours - it",
    "time to",
    "epochs to",
    "reached",
    "time to (searched)",
    "epochs to (searched)",
    "reached (searched)",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A method's results; each `Spread` is over seeds."""

    method: str
    seeds: int
    seconds: Spread
    epochs: Spread
    score: Spread
    """Search score of the final incumbent."""
    confirmed: Spread
    ours_better_by: Spread
    """Confirmed score of ours minus that of this method, paired by seed."""
    to_reference: "Approach"
    """By confirmed scores."""
    to_reference_searched: "Approach"
    """By search scores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approach:
    """When a method's runs reached their references' final scores."""

    time: Spread
    """Over the seeds that reached it."""
    epochs: Spread
    reached: int
    """Seeds that reached it."""
    compared: int
    """Seeds whose reference has such a score: by confirmed ones, where its choice diverged on no fold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """When one run reached its reference's final score, as shares of the reference's whole run."""

    time: float
    epochs: float


def reach(
    run: SearchRun, reference: SearchRun, *, curve: Callable[[SearchRun], Curve] = confirmed_curve
) -> Reach | None:
    """From when on a run's incumbents had the reference's final score; `None` if the last one has not.

    Args:
        run: The run.
        reference: Another of the same seed.
        curve: `confirmed_curve` or `searched_curve`.
    """
    _, target = curve(reference)[-1]
    seconds = seconds_to(curve(run), target - _SAME)
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
    return [_row(method, by_seed, by_method) for method, by_seed in by_method.items()]


def _row(
    method: str, by_seed: Mapping[int, SearchRun], all_runs: Mapping[str, Mapping[int, SearchRun]]
) -> Row:
    references, ours = all_runs.get(REFERENCE, {}), all_runs.get(OURS, {})
    pairs = [(run, references[seed]) for seed, run in by_seed.items() if seed in references]
    differences = [
        _minus(final_score(ours[seed]), final_score(run))
        for seed, run in by_seed.items()
        if seed in ours and method != OURS
    ]
    return Row(
        method=method,
        seeds=len(by_seed),
        seconds=spread(run.seconds for run in by_seed.values()),
        epochs=spread(run.epochs for run in by_seed.values()),
        score=spread(searched_curve(run)[-1][1] for run in by_seed.values()),
        confirmed=spread(final_score(run) for run in by_seed.values()),
        ours_better_by=spread(differences),
        to_reference=_approach(pairs, confirmed_curve),
        to_reference_searched=_approach(pairs, searched_curve),
    )


def final_score(run: SearchRun) -> float | None:
    """The confirmed score of a search's choice; `None` where a fold diverged."""
    return run.confirmed_score(incumbents(run.trials)[-1].number)


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _approach(
    pairs: Sequence[tuple[SearchRun, SearchRun]], curve: Callable[[SearchRun], Curve]
) -> Approach:
    comparable = [pair for pair in pairs if math.isfinite(curve(pair[1])[-1][1])]
    reaches = [reach(run, reference, curve=curve) for run, reference in comparable]
    reached = [one for one in reaches if one is not None]
    return Approach(
        time=spread(one.time for one in reached),
        epochs=spread(one.epochs for one in reached),
        reached=len(reached),
        compared=len(comparable),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as text, each mean with half the width of its 95 % interval."""
    cells = [
        (
            row.method,
            str(row.seeds),
            row.seconds.text(0),
            row.epochs.text(0),
            row.score.text(3),
            _counted(row.confirmed, row.seeds),
            row.ours_better_by.text(3),
            *_cells(row.to_reference),
            *_cells(row.to_reference_searched),
        )
        for row in rows
    ]
    return text_table([_HEADER, *cells])


def _cells(approach: Approach) -> tuple[str, str, str]:
    return (
        approach.time.text(2),
        approach.epochs.text(2),
        f"{approach.reached} of {approach.compared}",
    )


def baseline_note(runs: Sequence[SearchRun]) -> str | None:
    """The cost of the manual baseline, which only our own searches train."""
    baselines = [trial for run in runs for trial in run.trials if trial.baseline]
    if not baselines:
        return None
    seconds = spread(trial.ended - trial.started for trial in baselines)
    epochs = spread(trial.epochs for trial in baselines)
    return f"of ours, the manual baseline took {epochs.text(0)} epochs and {seconds.text(0)} s of one worker"


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
                "confirmed": final_score(run),
                "incumbents": searched_curve(run),
                "incumbents_confirmed": [
                    (seconds, score if math.isfinite(score) else None)
                    for seconds, score in confirmed_curve(run)
                ],
            }
            for run in runs
        ],
    }


def _counted(scores: Spread, seeds: int) -> str:
    """A mean, and over how many seeds where some have no score."""
    text = scores.text(3)
    return text if scores.num == seeds else f"{text} ({scores.num} of {seeds})"
