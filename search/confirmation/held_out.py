"""The test split: scores the chosen configuration, the manual baseline, an ensemble and simple models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from avq_core.config.training import TrainConfig
from avq_core.config.values import to_dict, with_values
from search.job import Slot
from search.seeds import Stream, derive_seed
from search.workers.pool import Task, TaskPool
from studies.records.codec import PlainConfig
from studies.records.confirmation import Confirmation
from studies.records.held_out import (
    Ensemble,
    EnsembleMember,
    IntervalsByTask,
    Predictions,
    TestedConfiguration,
    TestedTrials,
    TestResult,
)
from studies.records.intervals import IntervalValue, PairedDifference
from studies.records.trial import RanOn

if TYPE_CHECKING:
    from avq_core.data.preprocessing.splits import PreparedSplit
    from avq_core.data.store.store import PreparedStore
    from avq_core.evaluation.intervals import Difference, Interval

NUM_SEEDS: Final = 5
"""Runs of the chosen configuration and of the manual baseline, paired by their seeds."""
_MAX_CLIPS: Final = 2_000
"""Clips whose predictions are kept with the study, for the plot of predicted against true."""
_DIGITS: Final = 5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A trial that is re-trained in the confirmation."""

    trial: int
    baseline: bool
    config: TrainConfig


class HeldOutRun(NamedTuple):
    """Names one run of a candidate that is scored on the test split."""

    trial: int
    run: int
    """Index of its seed, from 0."""


def open_test(
    candidates: Sequence[Candidate],
    wanted: Sequence[int],
    chosen: int,
    *,
    store: "PreparedStore",
    pool: TaskPool,
    slot: Slot,
    seed: int,
    simple_model: str | None,
    on_progress: Callable[[int, int], None],
) -> tuple[TestResult, Predictions]:
    """Trains the chosen candidate and the manual baseline with fresh seeds and scores the test split.

    The other candidates that were not dropped train once each, for an ensemble with the chosen one.

    Args:
        candidates: All of them.
        wanted: Trials of those that train, from `to_train`.
        chosen: Trial of the chosen one.
        store: The study's data.
        pool: Where to train.
        slot: One of the pool's; its device and threads are stored, since metrics repeat only there.
        seed: The study's.
        simple_model: The best simple model on val, to compare with; `None` for none.
        on_progress: Called with the runs done and the runs in all.

    Returns:
        The metrics, as means over the runs with 95 % intervals, and the predictions of the first runs.
    """
    from avq_core.evaluation.evaluate import differences
    from avq_core.training.metrics import num_labels

    by_trial = {c.trial: c for c in candidates if c.trial in wanted}
    manual = next((c.trial for c in candidates if c.baseline), None)
    tested = list(dict.fromkeys([chosen] if manual is None else [chosen, manual]))
    tasks = [
        _task(by_trial[trial], store, seed, run)
        for run in range(NUM_SEEDS)
        for trial in wanted
        if run == 0 or trial in tested
    ]
    scores = _train(tasks, by_trial, pool, on_progress)
    test, names = store.test_split(), store.schema.tasks
    runs = {t: [scores[HeldOutRun(t, run)] for run in range(NUM_SEEDS)] for t in tested}
    configs = {trial: to_dict(_config(by_trial[trial], seed, 0)) for trial in wanted}
    results = {t: _tested(t, configs[t], runs[t], store, test) for t in tested}
    paired = differences(runs[chosen], runs[tested[1]], test, names) if len(tested) > 1 else {}
    result = TestResult(
        seeds=NUM_SEEDS,
        opened_for=tuple(wanted),
        num_labels=num_labels(test.targets, names),
        # Metrics repeat to the digit only where sums are added up in the same order.
        trained_on=RanOn(device=slot.device, threads=slot.threads),
        difference=_differences(paired),
        chosen=results[chosen],
    )
    # Fields that are not set are not stored.
    if manual is not None:
        result = result.model_copy(update={"baseline": results[manual]})
    searched = {t: scores[HeldOutRun(t, 0)] for t in wanted if not by_trial[t].baseline}
    ensemble = _ensemble(searched, configs, test, names)
    if ensemble is not None:
        result = result.model_copy(update={"ensemble": ensemble})
    if simple_model is not None:
        result = _with_simple_models(result, store, test, runs[chosen], simple_model)
    return result, _predictions(tested, runs, store, test)


def to_train(candidates: Sequence[Candidate], confirmation: Confirmation) -> list[int]:
    """Trials to train for the test split: candidates that were not dropped, and the manual baseline."""
    confirmed = {c.trial for c in confirmation.candidates if c.has_score and c.dropped is None}
    return sorted(confirmed | {c.trial for c in candidates if c.baseline})


def _config(candidate: Candidate, seed: int, run: int) -> TrainConfig:
    # The same seeds for all candidates, so that the runs are paired.
    return with_values(candidate.config, {"training.seed": derive_seed(seed, Stream.TEST_RUN, run)})


def _task(candidate: Candidate, store: "PreparedStore", seed: int, run: int) -> Task[HeldOutRun]:
    config = _config(candidate, seed, run)
    key = HeldOutRun(candidate.trial, run)
    return Task(key=key, config=config, store=store.path, opens_test=True)


def _train(
    tasks: list[Task[HeldOutRun]],
    by_trial: Mapping[int, Candidate],
    pool: TaskPool,
    on_progress: Callable[[int, int], None],
) -> dict[HeldOutRun, Scores]:
    """Scores of the test split, (N, K) a run; (0, K) of one that diverged."""
    # The longest first, so that the slots finish at about the same time.
    ordered = sorted(tasks, key=lambda task: not by_trial[task.key.trial].baseline)
    scores: dict[HeldOutRun, Scores] = {}
    on_progress(0, len(tasks))
    for key, result in pool.run(ordered):
        scores[key] = result.test_scores
        on_progress(len(scores), len(tasks))
    return scores


def _tested(
    trial: int,
    config: PlainConfig,
    runs: Sequence[Scores],
    store: "PreparedStore",
    test: "PreparedSplit",
) -> TestedConfiguration:
    from avq_core.evaluation.evaluate import evaluate, metric_intervals

    names = store.schema.tasks
    metrics = metric_intervals(runs, test, names, store.statistics.labels)
    return TestedConfiguration(
        trial=trial,
        config=config,
        r2=_intervals(metrics["r2"]),
        spearman=_intervals(metrics["spearman"]),
        pearson=_intervals(metrics["pearson"]),
        mae=_intervals(metrics["mae"]),
        r2_first=_intervals(evaluate(runs[:1], test, names).r2[0]),
    )


def _intervals(by_task: "Mapping[str, Interval]") -> IntervalsByTask:
    return {task: IntervalValue.decode(interval.to_dict()) for task, interval in by_task.items()}


def _differences(by_task: "Mapping[str, Difference]") -> dict[str, PairedDifference]:
    return {task: PairedDifference.decode(gap.to_dict()) for task, gap in by_task.items()}


def _ensemble(
    scores: Mapping[int, Scores],
    configs: Mapping[int, PlainConfig],
    test: "PreparedSplit",
    names: tuple[str, ...],
) -> Ensemble | None:
    """R² of the mean of the members' scores; `None` with fewer than two members."""
    from avq_core.evaluation.evaluate import evaluate

    # A run that diverged has no scores, and is no member.
    by_member = {trial: of_trial for trial, of_trial in scores.items() if len(of_trial)}
    if len(by_member) < 2:
        return None
    mean = np.mean(list(by_member.values()), axis=0)
    return Ensemble(
        members=tuple(EnsembleMember(trial=trial, config=configs[trial]) for trial in by_member),
        r2=_intervals(evaluate([mean], test, names).r2[0]),
    )


def _with_simple_models(
    result: TestResult,
    store: "PreparedStore",
    test: "PreparedSplit",
    chosen: Sequence[Scores],
    best: str,
) -> TestResult:
    """Adds the simple models' R², and the chosen configuration's difference to the best of them."""
    import torch

    from avq_core.evaluation.evaluate import differences, evaluate
    from avq_core.evaluation.simple_models import fit_simple_models
    from avq_core.training.resident import to_device

    cpu, names = torch.device("cpu"), store.schema.tasks
    train = store.search_splits().train
    models = fit_simple_models(to_device(train, cpu), store.schema, groups=train.groups, jobs=-1)
    scores = models.scores(to_device(test, cpu), store.schema)
    evaluated = evaluate(list(scores.values()), test, names)
    simple = {name: _intervals(r2) for name, r2 in zip(scores, evaluated.r2, strict=True)}
    difference = _differences(differences(chosen, [scores[best]], test, names))
    return result.model_copy(
        update={"simple": simple, "simple_best": best, "difference_to_simple": difference}
    )


def _predictions(
    tested: Sequence[int],
    runs: Mapping[int, Sequence[Scores]],
    store: "PreparedStore",
    test: "PreparedSplit",
) -> Predictions:
    """Each clip's predictions by the first run of the chosen candidate and of the manual baseline."""
    count = len(test.targets)
    rows = np.arange(count)
    if count > _MAX_CLIPS:
        rows = np.linspace(0, count - 1, _MAX_CLIPS).astype(int)
    labels = store.statistics.labels

    def in_users_units(values: Scores) -> tuple[tuple[float, ...], ...]:
        return tuple(
            tuple(float(f"{value:.{_DIGITS}g}") for value in row)
            for row in labels.unscale(values[rows])
        )

    by_role = dict(zip(("chosen", "baseline"), tested, strict=False))
    predictions = Predictions(
        trials=TestedTrials(**by_role),
        tasks=store.schema.tasks,
        groups=tuple(test.groups[row] for row in rows),
        clips=count,
        truth=in_users_units(test.targets),
    )
    first = {role: runs[trial][0] for role, trial in by_role.items()}
    predicted = {role: in_users_units(scores) for role, scores in first.items() if len(scores)}
    return predictions.model_copy(update=predicted)
