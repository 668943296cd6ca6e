"""Confirmation: the best few and the manual's configuration, trained again where luck starts anew.

The best of 200 noisy validation figures is too good to be true. So the candidates are trained with
fresh seeds on group-aware folds of train + val, the same for all of them; who clearly loses is dropped
on the way (`search.confirmation.race`), and the simplest of those that the best is not clearly ahead of is chosen.
Then the test split is opened (`search.confirmation.held_out`). Every finished run on a fold is stored at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna

from avq_core.config.values import from_dict, with_values
from avq_core.data.store.folds import count_folds
from avq_core.data.store.store import PreparedStore, open_store
from search.configure import same_but_for_run
from search.confirmation.held_out import Candidate, open_test, to_train
from search.confirmation.race import Choice, Standing, choose, corrected_error, gap
from search.confirmation.schedule import Cut, Rounds, run_key
from search.job import Slot
from search.seeds import Stream, derive_seed
from search.simple_models import best_simple
from search.workers.pool import TaskPool
from studies import records
from studies.errors import StudyError
from studies.records import TrialRecord
from studies.score import Watch

NUM_FOLDS: Final = 3
_AHEAD: Final = 3
"""Tasks that are handed out at least, a slot, before the next look at who loses."""


def candidates(
    trials: Sequence[TrialRecord], num_best: int, *, front_of: tuple[str, str] | None = None
) -> list[Candidate]:
    """The baseline and the best `num_best` distinct finished trials.

    Each trains for as many epochs as gave its score.

    Args:
        trials: Of a study.
        num_best: Beside the baseline.
        front_of: Two tasks, to take the best by their non-dominated fronts and within one by the
            score; `None` to take them by the score alone.
    """
    finished = [t for t in trials if t.state == "complete" and t.score is not None and t.config]
    fronts = [finished] if front_of is None else records.by_front(finished, front_of)
    order = {trial.number: place for place, front in enumerate(fronts) for trial in front}
    ranked = sorted(
        finished,
        key=lambda t: (not t.baseline, order.get(t.number, len(fronts)), -(t.score or 0.0)),
    )
    found: list[Candidate] = []
    for trial in ranked:
        if len(found) >= num_best + any(c.baseline for c in found):
            break
        config = with_values(
            from_dict(trial.config), {"training.epochs": trial.best_epoch or trial.epochs}
        )
        if not any(same_but_for_run(config, other.config) for other in found):
            found.append(Candidate(trial=trial.number, baseline=trial.baseline, config=config))
    return found


def confirm(
    study: optuna.Study,
    *,
    store: Path,
    folds: Callable[[int, int], Sequence[Path]],
    slots: Sequence[Slot],
    watch: Watch,
    seed: int,
    num_best: int,
    on_progress: Callable[[str, int, int], None],
) -> None:
    """Runs what is missing of a study's confirmation and stores the choice and its test figures.

    Under a lock of its own (`study_lock(…, "confirm")`): on many machines the search ends on all at
    once, and the test split must not be opened once a machine.

    Args:
        study: A study with at least one complete trial.
        store: The prepared store's folder.
        folds: Given their number and the seed of the cut, the folders of the folds' own stores;
            called only where runs are missing.
        slots: Where to train.
        watch: The score by which the choice is made.
        seed: The study's.
        num_best: Candidates beside the baseline.
        on_progress: Called with what is done, the runs done and the runs in all, as far as that is
            known: fewer where candidates are dropped.

    Raises:
        StudyError: No candidate has a score on every fold.
    """
    stored: dict[str, Any] = study.user_attrs.get(records.CONFIRMATION, {})
    trials = records.read_trials(study)
    front_of = (watch.cross_modal, watch.overall) if len(study.directions) > 1 else None
    opened = open_store(store)
    folds_by = count_folds(_groups(opened), NUM_FOLDS)
    rounds = Rounds(
        candidates(trials, num_best, front_of=front_of),
        opened,
        watch,
        num_folds=folds_by,
        seed=seed,
        runs=dict(stored.get("runs", {})),
    )
    cut = Cut(lambda: folds(folds_by, derive_seed(seed, Stream.FOLDS)))
    with TaskPool(slots) as pool:
        on_progress("confirming", *rounds.progress())
        while tasks := rounds.tasks(cut, least=_AHEAD * len(slots)):
            for key, result in pool.run(tasks):
                rounds.note(key, result, cut)
                study.set_user_attr(records.CONFIRMATION, stored | {"runs": rounds.runs})
                on_progress("confirming", *rounds.progress())
        standings, _ = rounds.race()
        choice = choose(standings, folds_by)
        if choice is None:
            raise StudyError(
                "no candidate has a score on every fold, so nothing is chosen: a fold's validation "
                "side holds too few labels of the watched tasks, or every run diverged; "
                "`confirm` 0 takes the search's best as it is"
            )
        summary = _summary(rounds, standings, choice) | {
            "num_complete": records.counts(trials)["complete"],
            "test": stored.get("test"),
            "test_openings": int(stored.get("test_openings", 0)),
            "openings": list(stored.get("openings", [])),
        }
        wanted = to_train(rounds.found, summary["candidates"])
        if not _is_opened(stored, choice.key, wanted):
            # Counted before anything of it is seen: whoever stops here has still looked.
            _count_opening(summary, choice.key, wanted)
            study.set_user_attr(records.CONFIRMATION, summary)
            summary["test"], predictions = open_test(
                rounds.found,
                wanted,
                choice.key,
                store=opened,
                pool=pool,
                slot=slots[0],
                seed=seed,
                simple=best_simple(study, watch),
                on_progress=lambda done, total: on_progress("opening test", done, total),
            )
            summary["openings"][-1]["done"] = True
            study.set_user_attr(records.PREDICTIONS, predictions)
    study.set_user_attr(records.CONFIRMATION, summary)


def _is_opened(stored: Mapping[str, Any], chosen: int, wanted: Sequence[int]) -> bool:
    """Whether test was opened for this choice, to the end."""
    test = stored.get("test") or {}
    # With other members the ensemble is another one, and so is what stands in the table.
    return (test.get("chosen", {}).get("trial"), test.get("opened_for")) == (chosen, wanted)


def _count_opening(summary: dict[str, Any], chosen: int, wanted: Sequence[int]) -> None:
    """Notes an opening; one that was stopped on its way goes on, and is the same."""
    summary["test"] = None
    last = summary["openings"][-1] if summary["openings"] else {}
    if (last.get("chosen"), last.get("for"), last.get("done")) == (chosen, list(wanted), False):
        return
    when = datetime.now(UTC).isoformat(timespec="seconds")
    opening = {"when": when, "for": list(wanted), "chosen": chosen, "done": False}
    summary["openings"] = [*summary["openings"], opening]
    summary["test_openings"] += 1


def _groups(store: PreparedStore) -> tuple[str, ...]:
    splits = store.search_splits()
    return splits.train.groups + splits.val.groups


def _summary(rounds: Rounds, standings: Sequence[Standing], choice: Choice) -> dict[str, Any]:
    """What is kept of the race, as JSON takes it."""
    by_key = {standing.key: standing for standing in standings}
    best, chosen = by_key[choice.best], by_key[choice.key]
    baselines = {c.trial for c in rounds.found if c.baseline}
    manual = [by_key[key] for key in baselines if key != choice.key]
    return {
        "folds": rounds.num_folds,
        "seeds": math.ceil(max(len(s.runs) for s in standings) / rounds.num_folds),
        "runs": rounds.runs,
        "rule": choice.reason,
        "chosen": choice.key,
        "candidates": [_row(s, best, rounds, baseline=s.key in baselines) for s in standings],
        # Over the runs that both have: the manual's is often dropped after the first.
        "over_baseline": _behind(chosen, manual[0], rounds.num_folds) if manual else None,
    }


def _row(standing: Standing, best: Standing, rounds: Rounds, *, baseline: bool) -> dict[str, Any]:
    """A candidate's figures over its runs."""
    scores = [run.score for run in standing.runs]
    # A run that diverged has no figure, and a mean without it would flatter its candidate.
    whole = math.isfinite(standing.mean)
    kept = [
        rounds.runs[run_key(standing.key, *number)]["r2"] for number in rounds.rounds[: len(scores)]
    ]
    return {
        "trial": standing.key,
        "baseline": baseline,
        "parameters": standing.parameters,
        "num_runs": len(scores),
        "dropped": standing.dropped,
        "score_mean": standing.mean if whole else None,
        "score_std": float(np.std(scores, ddof=1)) if whole and len(scores) > 1 else None,
        "score_error": _known(corrected_error(scores, rounds.num_folds)) if whole else None,
        "behind": _behind(best, standing, rounds.num_folds),
        "r2_mean": {task: _mean([r2[task] for r2 in kept]) for task in rounds.tasks_of_data},
    }


def _behind(best: Standing, other: Standing, num_folds: int) -> Mapping[str, float | None] | None:
    """How far behind the best, paired over the runs of both, with its 95 % interval."""
    if best is other or not math.isfinite(best.mean) or not math.isfinite(other.mean):
        return None
    found = gap(best.runs, other.runs, num_folds)
    low, high = found.interval()
    runs = min(len(best.runs), len(other.runs))
    return {"value": found.value, "low": _known(low), "high": _known(high), "runs": runs}


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
