"""Confirmation: the best trials and the manual baseline, re-trained with fresh seeds.

The best of 200 noisy validation scores is optimistic. So the candidates are re-trained with fresh
seeds on group-aware folds of train + val, the same for all of them. A candidate that is clearly worse
is dropped on the way (`search.confirmation.race`), and the one with the highest mean is chosen
(`search.confirmation.choice`). Then the test split is opened (`search.confirmation.held_out`). Every
finished run on a fold is stored at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import optuna

from avq_core.config.values import from_dict, with_values
from avq_core.data.store.balanced_folds import Fold
from avq_core.data.store.store import open_store
from search.configure import same_but_for_run
from search.confirmation.choice import choose, optimism
from search.confirmation.held_out import Candidate, open_test, to_train
from search.confirmation.race import Standing, corrected_error, gap
from search.confirmation.schedule import Cut, Rounds
from search.job import Slot
from search.workers.pool import TaskPool
from studies.errors import StudyError
from studies.records import attributes
from studies.records.codec import RunKey
from studies.records.confirmation import CandidateResult, Confirmation, ConfirmationRun
from studies.records.held_out import Opening, TestResult
from studies.records.intervals import PairedGap
from studies.records.read import read_study
from studies.records.study import StudyRecord
from studies.score import Watch

NUM_FOLDS: Final = 3
_MIN_TASKS_PER_SLOT: Final = 3
"""Lower bound on the runs queued for each slot before candidates are compared again."""


def candidates(record: StudyRecord, num_best: int, *, by_front: bool = False) -> list[Candidate]:
    """The manual baseline and the best `num_best` distinct complete trials.

    Each trains for as many epochs as its best score needed.

    Args:
        record: The study.
        num_best: Upper bound on the trials beside the manual baseline.
        by_front: Whether to rank trials by their non-dominated fronts and within a front by the
            score, rather than by the score alone.
    """
    order = {t.number: place for place, front in enumerate(record.fronts) for t in front}
    ranked = sorted(
        (trial for trial in record.ranked if trial.config),
        key=lambda t: (not t.baseline, order.get(t.number, len(order)) if by_front else 0),
    )
    selected: list[Candidate] = []
    for trial in ranked:
        if len(selected) >= num_best + any(c.baseline for c in selected):
            break
        config = with_values(
            from_dict(trial.config), {"training.epochs": trial.best_epoch or trial.epochs}
        )
        if not any(same_but_for_run(config, other.config) for other in selected):
            selected.append(Candidate(trial=trial.number, baseline=trial.baseline, config=config))
    return selected


def confirm(
    study: optuna.Study,
    *,
    store: Path,
    cut_folds: Callable[[], Sequence[Fold]],
    make_stores: Callable[[Sequence[Fold]], Sequence[Path]],
    slots: Sequence[Slot],
    watch: Watch,
    seed: int,
    num_best: int,
    on_progress: Callable[[str, int, int], None],
) -> None:
    """Makes the missing runs of a study's confirmation and stores the choice and its test metrics.

    The caller holds `study_lock(…, "confirm")`: where several machines work on a study, the search
    ends on all of them at once, and only one of them may open the test split.

    Args:
        study: A study with at least one complete trial.
        store: The prepared store's folder.
        cut_folds: Cuts folds from the samples of train and val together; called only where the
            confirmation is not finished.
        make_stores: Returns the folders of the folds' prepared stores; called only where runs are
            missing.
        slots: Where to train.
        watch: The two watched tasks and the score.
        seed: The study's.
        num_best: Candidates beside the manual baseline.
        on_progress: Called with the stage, the runs done and an upper bound on the runs in all, which
            falls when a candidate is dropped.

    Raises:
        StudyError: No candidate has a score on every fold.
    """
    record = read_study(study)
    stored = record.confirmation or Confirmation()
    opened = open_store(store)
    field = candidates(record, num_best, by_front=len(study.directions) > 1)
    if _is_finished(stored, field):
        _store(study, stored.model_copy(update={"num_complete": record.counts.complete}))
        return
    folds = cut_folds()

    def rounds_with(runs: Mapping[RunKey, ConfirmationRun]) -> Rounds:
        return Rounds(field, opened, watch, folds=folds, seed=seed, runs=runs)

    stored, rounds = _resume(stored, tuple(fold.key for fold in folds), rounds_with)
    cut = Cut(lambda: make_stores(folds))
    with TaskPool(slots) as pool:
        on_progress("confirming", *rounds.progress())
        while tasks := rounds.tasks(cut, min_tasks=_MIN_TASKS_PER_SLOT * len(slots)):
            for key, result in pool.run(tasks):
                rounds.note(key, result, cut)
                _store(study, stored.model_copy(update={"runs": rounds.runs}))
                on_progress("confirming", *rounds.progress())
        confirmation = _choose(rounds, stored, num_complete=record.counts.complete)
        chosen = confirmation.chosen
        assert chosen is not None
        wanted = to_train(rounds.candidates, confirmation)
        if not opened.has_test:
            confirmation = confirmation.model_copy(update={"has_test": False})
        elif not _is_opened(stored, chosen, wanted):
            # Counted before the split is read, so that an interrupted opening counts too.
            confirmation = _count_opening(confirmation, chosen, wanted)
            _store(study, confirmation)
            test, predictions = open_test(
                rounds.candidates,
                wanted,
                chosen,
                store=opened,
                pool=pool,
                slot=slots[0],
                seed=seed,
                simple_model=record.best_simple_model,
                on_progress=lambda done, total: on_progress("opening test", done, total),
            )
            study.set_user_attr(attributes.PREDICTIONS, predictions.encode())
            confirmation = _close_opening(confirmation, test)
    _store(study, confirmation)


def _is_finished(stored: Confirmation, field: Sequence[Candidate]) -> bool:
    """Whether the test split was opened to the end for a choice among the same candidates.

    Then the choice stays, also where a later version would have chosen by another rule: to choose again
    could be to open the test split again.
    """
    trials = {candidate.trial for candidate in field}
    if stored.chosen is None or {c.trial for c in stored.candidates} != trials:
        return False
    return _is_opened(stored, stored.chosen, to_train(field, stored))


def _resume(
    stored: Confirmation,
    cut: tuple[str, ...],
    rounds_with: Callable[[Mapping[RunKey, ConfirmationRun]], Rounds],
) -> tuple[Confirmation, Rounds]:
    """The confirmation to go on with, and its rounds with the stored runs.

    Where runs are missing, stored ones on other folds are left out, since they are not comparable with
    new ones: an earlier release cut other folds.
    """
    rounds = rounds_with(stored.runs)
    if stored.cut == cut or rounds.is_whole:
        return stored, rounds
    return stored.model_copy(update={"cut": cut}), rounds_with({})


def _store(study: optuna.Study, confirmation: Confirmation) -> None:
    study.set_user_attr(attributes.CONFIRMATION, confirmation.encode())


def _choose(rounds: Rounds, stored: Confirmation, *, num_complete: int) -> Confirmation:
    """The confirmation with its choice; stored results on the test split are kept.

    Raises:
        StudyError: No candidate has a score on every fold.
    """
    standings = rounds.race().standings
    choice = choose(standings, rounds.even_folds)
    if choice is None:
        raise StudyError(
            "no candidate has a score on every fold, so nothing is chosen: a fold's validation "
            "side holds too few labels of the watched tasks, or every run diverged; "
            "`confirm` 0 exports the search's best without it"
        )
    by_key = {standing.key: standing for standing in standings}
    best, chosen = by_key[choice.best], by_key[choice.key]
    baselines = {c.trial for c in rounds.candidates if c.baseline}
    manual = [by_key[key] for key in baselines if key != choice.key]
    return Confirmation(
        folds=rounds.num_folds,
        cut=stored.cut,
        seeds=math.ceil(max(len(s.runs) for s in standings) / rounds.num_folds),
        runs=rounds.runs,
        rule=choice.reason,
        chosen=choice.key,
        optimism=optimism(standings, rounds.num_folds),
        candidates=tuple(_result(s, best, rounds, baseline=s.key in baselines) for s in standings),
        # Over the runs of both: the manual baseline is often dropped after its first.
        over_baseline=_behind(chosen, manual[0], rounds.even_folds) if manual else None,
        num_complete=num_complete,
        test=stored.test,
        test_openings=stored.test_openings,
        openings=stored.openings,
    )


def _is_opened(stored: Confirmation, chosen: int, wanted: Sequence[int]) -> bool:
    """Whether the test split was scored to the end for this choice and these candidates."""
    # The ensemble is of these candidates: with others the results differ.
    test = stored.test
    return test is not None and (test.chosen.trial, list(test.opened_for)) == (chosen, list(wanted))


def _count_opening(confirmation: Confirmation, chosen: int, wanted: Sequence[int]) -> Confirmation:
    """Adds an opening; one that was interrupted is continued and not counted twice."""
    openings, count = confirmation.openings, confirmation.test_openings
    last = openings[-1] if openings else None
    is_continued = last is not None and (last.chosen, last.trials, last.done) == (
        chosen,
        tuple(wanted),
        False,
    )
    if not is_continued:
        when = datetime.now(UTC).isoformat(timespec="seconds")
        opening = Opening(when=when, trials=tuple(wanted), chosen=chosen, done=False)
        openings, count = (*openings, opening), count + 1
    return confirmation.model_copy(
        update={"test": None, "openings": openings, "test_openings": count}
    )


def _close_opening(confirmation: Confirmation, test: TestResult) -> Confirmation:
    *before, last = confirmation.openings
    closed = last.model_copy(update={"done": True})
    return confirmation.model_copy(update={"test": test, "openings": (*before, closed)})


def _result(
    standing: Standing, best: Standing, rounds: Rounds, *, baseline: bool
) -> CandidateResult:
    """A candidate's metrics over its runs."""
    scores = [run.score for run in standing.runs]
    # A run that diverged has no score, and a mean without it would be too high.
    whole = math.isfinite(standing.mean)
    keys = [RunKey(standing.key, *number) for number in rounds.rounds[: len(scores)]]
    runs = [rounds.runs[key] for key in keys]
    return CandidateResult(
        trial=standing.key,
        baseline=baseline,
        parameters=standing.parameters,
        num_runs=len(scores),
        dropped=standing.dropped,
        score_mean=standing.mean if whole else math.nan,
        score_std=float(np.std(scores, ddof=1)) if whole and len(scores) > 1 else math.nan,
        score_error=corrected_error(scores, rounds.even_folds) if whole else math.nan,
        behind=_behind(best, standing, rounds.even_folds),
        r2_mean={task: _mean([run.r2[task] for run in runs]) for task in rounds.tasks_of_data},
    )


def _behind(best: Standing, other: Standing, num_folds: float) -> PairedGap | None:
    """How far the other is behind the best, over the runs of both, with a 95 % interval."""
    if best is other or not math.isfinite(best.mean) or not math.isfinite(other.mean):
        return None
    behind = gap(best.runs, other.runs, num_folds)
    low, high = behind.interval()
    runs = min(len(best.runs), len(other.runs))
    return PairedGap(value=behind.value, low=low, high=high, runs=runs)


def _mean(values: Sequence[float]) -> float:
    """The mean; NaN of no values, or where one of them is NaN."""
    return float(np.mean(values)) if values else math.nan
