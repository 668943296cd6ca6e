"""The test split, opened once: the chosen configuration beside all that it has to beat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config.training import TrainConfig
from avq_core.config.values import to_dict, with_values
from search.job import Slot
from search.seeds import Stream, derive_seed
from search.workers.pool import Task, TaskPool

if TYPE_CHECKING:
    from avq_core.data.preprocessing.splits import PreparedSplit
    from avq_core.data.store.store import PreparedStore
    from avq_core.evaluation.evaluate import IntervalDict

NUM_SEEDS: Final = 5
"""Runs of the chosen configuration and of the baseline, paired by their seeds."""
_MOST_CLIPS: Final = 2_000
"""Clips whose predictions are kept with the study, for the picture of predicted against true."""
_DIGITS: Final = 5

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A trial that stands for confirmation."""

    trial: int
    baseline: bool
    config: TrainConfig


def open_test(
    found: Sequence[Candidate],
    wanted: Sequence[int],
    chosen: int,
    *,
    store: "PreparedStore",
    pool: TaskPool,
    slot: Slot,
    seed: int,
    simple: str | None,
    on_progress: Callable[[int, int], None],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Trains the chosen candidate and the baseline with fresh seeds and scores the test split.

    The other confirmed candidates train once each: with the chosen one they are an ensemble.

    Args:
        found: The candidates.
        wanted: Those of them that train, as `to_train` gives them.
        chosen: Of them.
        store: The study's data.
        pool: Where to train.
        slot: One of the pool's, to tell where figures repeat.
        seed: The study's.
        simple: The simple baseline that was best on val, to be compared with; `None` for none.
        on_progress: Called with the runs done and the runs in all.

    Returns:
        Figures of `chosen` and `baseline` (means over their runs, with 95 % intervals),
        `ensemble` (where there are two members or more) and `simple` (all simple baselines), the
        chosen one's `difference` to the baseline and `difference_to_simple`; and the predictions,
        both as JSON takes them.
    """
    from avq_core.evaluation.evaluate import differences, evaluate, metric_intervals
    from avq_core.training.metrics import num_labels

    by_trial = {c.trial: c for c in found if c.trial in wanted}
    finalists = [chosen, *(c.trial for c in found if c.baseline and c.trial != chosen)]
    tasks = [
        _task(by_trial[trial], store, seed, run)
        for run in range(NUM_SEEDS)
        for trial in wanted
        if run == 0 or trial in finalists
    ]
    # The longest first, so that the last to end does not end alone.
    tasks.sort(key=lambda task: not by_trial[int(task.key.split()[0])].baseline)
    scores: dict[str, Scores] = {}
    on_progress(0, len(tasks))
    for key, result in pool.run(tasks):
        scores[key] = result.test_scores
        on_progress(len(scores), len(tasks))
    test, names = store.test_split(), store.schema.tasks
    runs = {t: [scores[_key(t, run)] for run in range(NUM_SEEDS)] for t in finalists}
    configs = {trial: to_dict(_config(by_trial[trial], seed, 0)) for trial in wanted}
    summary: dict[str, Any] = {
        "seeds": NUM_SEEDS,
        "opened_for": list(wanted),
        "num_labels": num_labels(test.targets, names),
        # Figures repeat to the digit only where sums are taken in the same order.
        "trained_on": {"device": slot.device, "threads": slot.threads},
        "difference": {},
    }
    labels = store.statistics.labels
    for trial in finalists:
        entry = {
            "trial": trial,
            "config": configs[trial],
            **metric_intervals(runs[trial], test, names, labels),
            "r2_first": evaluate(runs[trial][:1], test, names).r2[0],
        }
        if trial == chosen:
            summary["chosen"] = entry
        if by_trial[trial].baseline:
            summary["baseline"] = entry
    if len(finalists) > 1:
        summary["difference"] = differences(runs[finalists[0]], runs[finalists[1]], test, names)
    summary |= _ensemble(
        [t for t in wanted if not by_trial[t].baseline], scores, configs, test, names
    )
    if simple is not None:
        summary |= _simple(store, test, runs[chosen], simple)
    names_of = dict(zip(("chosen", "baseline"), finalists, strict=False))
    first = {name: runs[trial][0] for name, trial in names_of.items()}
    return summary, {"trials": names_of, **_predictions(first, store, test)}


def to_train(found: Sequence[Candidate], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Trials for which test is opened: all that came to the confirmation's end, and the baseline."""
    ended = {
        row["trial"] for row in rows if row["score_mean"] is not None and not row.get("dropped")
    }
    return sorted(ended | {c.trial for c in found if c.baseline})


def _key(trial: int, run: int) -> str:
    return f"{trial} run {run}"


def _config(candidate: Candidate, seed: int, run: int) -> TrainConfig:
    # The same for all candidates, so that the runs are paired.
    return with_values(candidate.config, {"training.seed": derive_seed(seed, Stream.TEST_RUN, run)})


def _task(candidate: Candidate, store: "PreparedStore", seed: int, run: int) -> Task:
    config = _config(candidate, seed, run)
    return Task(key=_key(candidate.trial, run), config=config, store=store.path, opens_test=True)


def _ensemble(
    members: Sequence[int],
    scores: Mapping[str, Scores],
    configs: Mapping[int, dict[str, Any]],
    test: "PreparedSplit",
    names: tuple[str, ...],
) -> dict[str, Any]:
    """The figures of the members' mean score; nothing of fewer than two."""
    from avq_core.evaluation.evaluate import evaluate

    # One that diverged has no scores, and is no member.
    whole = {t: scores[_key(t, 0)] for t in members if len(scores[_key(t, 0)])}
    if len(whole) < 2:
        return {}
    mean = np.mean(list(whole.values()), axis=0)
    entries = [{"trial": trial, "config": configs[trial]} for trial in whole]
    return {"ensemble": {"members": entries, "r2": evaluate([mean], test, names).r2[0]}}


def _simple(
    store: "PreparedStore", test: "PreparedSplit", chosen: Sequence[Scores], best: str
) -> Mapping[str, Any]:
    """The simple baselines' figures on test, and the chosen one's difference to the best of them."""
    import torch

    from avq_core.evaluation.evaluate import differences, evaluate
    from avq_core.evaluation.simple_models import fit_simple_models
    from avq_core.training.resident import to_device

    cpu, names = torch.device("cpu"), store.schema.tasks
    train = to_device(store.search_splits().train, cpu)
    scores = fit_simple_models(train, store.schema, jobs=-1).scores(
        to_device(test, cpu), store.schema
    )
    found = evaluate(list(scores.values()), test, names)
    gap: dict[str, IntervalDict] = differences(chosen, [scores[best]], test, names)
    return {
        "simple": dict(zip(scores, found.r2, strict=True)),
        "simple_best": best,
        "difference_to_simple": gap,
    }


def _predictions(
    runs: Mapping[str, Scores], store: "PreparedStore", test: "PreparedSplit"
) -> dict[str, Any]:
    """What the first run of each finalist said of each clip; see `StudyRecord.predictions`."""
    count = len(test.targets)
    rows = np.arange(count)
    if count > _MOST_CLIPS:
        rows = np.linspace(0, count - 1, _MOST_CLIPS).astype(int)
    labels = store.statistics.labels

    def told(values: Scores) -> list[list[float | None]]:
        return [
            [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in row]
            for row in labels.unscale(values[rows])
        ]

    found = {name: told(scores) for name, scores in runs.items() if len(scores)}
    return {
        "tasks": list(store.schema.tasks),
        "groups": [test.groups[row] for row in rows],
        "clips": count,
        "truth": told(test.targets),
        **found,
    }
