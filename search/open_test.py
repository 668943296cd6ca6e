"""The test split, opened once: the chosen configuration beside all that it has to beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from avq_core.config import TrainConfig
from avq_core.config_values import to_dict, with_values
from search.configure import derive_seed
from search.launch.pool import Task, run_tasks
from search.worker import Slot
from studies import records

if TYPE_CHECKING:
    from avq_core.data.prepared import PreparedStore
    from avq_core.data.splits import PreparedSplit

_TEST_SEEDS: Final = 1_000_033


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A trial that stands for confirmation."""

    trial: int
    baseline: bool
    config: TrainConfig


def open_test(
    found: Sequence[Candidate],
    rows: Sequence[dict[str, Any]],
    *,
    store: Path,
    slots: Sequence[Slot],
    seed: int,
    simple: str | None,
) -> dict[str, Any]:
    """Trains the confirmed candidates and the baseline once more and scores the test split.

    Args:
        found: The candidates.
        rows: Their figures over folds; the first by `records.by_confirmed_score` is the chosen one,
            and those of it that were searched are the ensemble's members.
        store: The prepared store's folder.
        slots: Where to train.
        seed: The study's.
        simple: The simple baseline that was best on val, to be compared with; `None` for none.

    Returns:
        R² with intervals of `chosen`, `baseline`, `ensemble` (where there are two members or more)
        and `simple` (all simple baselines), the chosen one's `difference` to the baseline and
        `difference_to_simple`, as JSON takes them.
    """
    from avq_core.data.prepared import open_store
    from avq_core.training.evaluation import evaluate

    ranked = _ranked(rows)
    chosen = ranked[0]["trial"]
    members = [row["trial"] for row in ranked if not row["baseline"]]
    wanted = to_train(found, rows)
    tasks = {c.trial: _task(c, store, seed) for c in found if c.trial in wanted}
    results = dict(run_tasks(list(tasks.values()), slots=slots))
    scores = {trial: results[str(trial)].test_scores for trial in tasks}
    opened = open_store(store)
    test, names = opened.test_split(), opened.schema.tasks
    entries = {
        trial: {"trial": trial, "config": to_dict(task.config)} for trial, task in tasks.items()
    }
    finalists = [chosen, *(c.trial for c in found if c.baseline and c.trial != chosen)]
    figures = evaluate([scores[trial] for trial in finalists], test, names)
    summary: dict[str, Any] = {
        "opened_for": wanted,
        "difference": figures.difference,
        "num_labels": figures.num_labels,
        # Figures repeat to the digit only where sums are taken in the same order.
        "trained_on": {"device": slots[0].device, "threads": slots[0].threads},
    }
    for trial, intervals in zip(finalists, figures.r2, strict=True):
        entry = entries[trial] | {"r2": intervals}
        if trial == chosen:
            summary["chosen"] = entry
        if any(c.trial == trial and c.baseline for c in found):
            summary["baseline"] = entry
    # One that diverged has no scores, and is no member.
    whole = [trial for trial in members if len(scores[trial])]
    if len(whole) > 1:
        mean = np.mean([scores[trial] for trial in whole], axis=0)
        summary["ensemble"] = {
            "members": [entries[trial] for trial in whole],
            "r2": evaluate([mean], test, names).r2[0],
        }
    if simple is not None:
        summary |= _simple(opened, test, scores[chosen], simple)
    return summary


def to_train(found: Sequence[Candidate], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Trials for which test is opened: all that were confirmed with a score, and the baseline."""
    confirmed = {row["trial"] for row in _ranked(rows)}
    return sorted(confirmed | {c.trial for c in found if c.baseline})


def _ranked(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in records.by_confirmed_score(rows) if row["score_mean"] is not None]


def _task(candidate: Candidate, store: Path, seed: int) -> Task:
    fresh = derive_seed(seed, _TEST_SEEDS, candidate.trial)
    config = with_values(candidate.config, {"training.seed": fresh})
    return Task(key=str(candidate.trial), config=config, store=store, opens_test=True)


def _simple(
    opened: "PreparedStore", test: "PreparedSplit", chosen: np.ndarray, best: str
) -> Mapping[str, Any]:
    """The simple baselines' figures on test, and the chosen one's difference to the best of them."""
    import torch

    from avq_core.training.baselines import fit_baselines
    from avq_core.training.evaluation import evaluate
    from avq_core.training.resident import to_device

    cpu, names = torch.device("cpu"), opened.schema.tasks
    train = to_device(opened.search_splits().train, cpu)
    scores = fit_baselines(train, opened.schema, jobs=-1).scores(
        to_device(test, cpu), opened.schema
    )
    figures = evaluate(list(scores.values()), test, names)
    return {
        "simple": dict(zip(scores, figures.r2, strict=True)),
        "simple_best": best,
        "difference_to_simple": evaluate([chosen, scores[best]], test, names).difference,
    }
