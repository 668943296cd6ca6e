"""Confirmation: the best few and the manual's configuration, trained again where luck starts anew.

The best of 200 noisy validation figures is too good to be true. So the candidates are trained with
fresh seeds on group-aware folds of train + val, the choice falls on those figures, and then the
test split is opened (`search.open_test`). Every finished run is stored at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna

from avq_core.config_values import from_dict, with_values
from avq_core.data.folds import count_folds
from search.configure import derive_seed, same_but_for_run
from search.launch.pool import Task, run_tasks
from search.open_test import Candidate, open_test, to_train
from search.score import Watch, with_nan
from search.simple import best_simple
from search.worker import Slot
from studies import records
from studies.errors import StudyError
from studies.records import TrialRecord

NUM_FOLDS: Final = 3
_FOLD_SEEDS, _FOLD_CUT = 1_000_003, 1_000_037


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
    on_progress: Callable[[int, int], None],
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
        on_progress: Called with the runs done and the runs in all.

    Raises:
        StudyError: No candidate has a score on every fold.
    """
    stored: dict[str, Any] = study.user_attrs.get(records.CONFIRMATION, {})
    trials = records.read_trials(study)
    front_of = (watch.cross_modal, watch.overall) if len(study.directions) > 1 else None
    found = candidates(trials, num_best, front_of=front_of)
    num_folds = count_folds(_groups(store), NUM_FOLDS)
    runs: dict[str, Any] = dict(stored.get("runs", {}))
    wanted = [(candidate, fold) for candidate in found for fold in range(num_folds)]
    missing = [(c, fold) for c, fold in wanted if _run_key(c.trial, fold) not in runs]
    done, total = len(wanted) - len(missing), len(wanted) + 2
    on_progress(done, total)
    stores = folds(num_folds, derive_seed(seed, _FOLD_CUT)) if missing else ()
    tasks = [_fold_task(candidate, fold, stores[fold], seed) for candidate, fold in missing]
    for key, result in run_tasks(tasks, slots=slots):
        runs[key] = {"r2": result.r2, "num_labels": result.num_labels}
        done += 1
        on_progress(done, total)
        study.set_user_attr(records.CONFIRMATION, stored | {"runs": runs})
    rows = [_row(candidate, runs, num_folds, watch) for candidate in found]
    winner = records.by_confirmed_score(rows)[0]
    if winner["score_mean"] is None:
        raise StudyError(
            "no candidate has a score on every fold, so nothing is chosen: a fold's validation "
            "side holds too few labels of the watched tasks, or every run diverged; "
            "--confirm 0 takes the search's best as it is"
        )
    chosen = winner["trial"]
    summary: dict[str, Any] = {
        "folds": num_folds,
        "num_complete": records.counts(trials)["complete"],
        "runs": runs,
        "candidates": rows,
        "test": stored.get("test"),
        "test_openings": int(stored.get("test_openings", 0)),
    }
    test = stored.get("test") or {}
    # With other members the ensemble is another one, and so is what stands in the table.
    opened_for = (test.get("chosen", {}).get("trial"), test.get("opened_for"))
    if opened_for != (chosen, to_train(found, rows)):
        summary["test"] = open_test(
            found, rows, store=store, slots=slots, seed=seed, simple=best_simple(study, watch)
        )
        summary["test_openings"] += 1
    study.set_user_attr(records.CONFIRMATION, summary)
    study.set_user_attr(records.CHOSEN, chosen)
    on_progress(total, total)


def _groups(store: Path) -> tuple[str, ...]:
    from avq_core.data.prepared import open_store

    splits = open_store(store).search_splits()
    return splits.train.groups + splits.val.groups


def _run_key(trial: int, fold: int) -> str:
    return f"trial {trial} fold {fold}"


def _fold_task(candidate: Candidate, fold: int, store: Path, seed: int) -> Task:
    fresh = derive_seed(seed, _FOLD_SEEDS, candidate.trial, fold)
    return Task(
        key=_run_key(candidate.trial, fold),
        config=with_values(candidate.config, {"training.seed": fresh}),
        store=store,
    )


def _row(
    candidate: Candidate, runs: Mapping[str, Any], num_folds: int, watch: Watch
) -> dict[str, Any]:
    """A candidate's figures over folds."""
    own = [runs[_run_key(candidate.trial, fold)] for fold in range(num_folds)]
    tasks = list(own[0]["r2"])
    by_task = {task: _mean([run["r2"][task] for run in own]) for task in tasks}
    scores = [watch.score(watch.figures(with_nan(run["r2"]))) for run in own]
    # A run that diverged has no figure, and a mean without it would flatter its candidate.
    whole = all(map(math.isfinite, scores))
    return {
        "trial": candidate.trial,
        "baseline": candidate.baseline,
        "score_mean": float(np.mean(scores)) if whole else None,
        "score_std": float(np.std(scores, ddof=1)) if whole and len(scores) > 1 else None,
        "r2_mean": by_task,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
