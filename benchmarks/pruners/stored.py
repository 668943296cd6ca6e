"""A finished study of this project as curves to replay."""

from typing import Final

import numpy as np

from benchmarks.pruners.trials import Trials
from studies.errors import StudyError
from studies.records import StudyRecord, TrialRecord
from studies.score import Watch, with_nan

MIN_COMPLETE: Final = 20
"""Complete trials below which the order decides more than the rule."""


def stored_trials(study: StudyRecord) -> Trials:
    """The complete trials of a study, their curves read from the stored histories.

    Pruned trials are left out, since the rest of their curves is not known, and so is the manual
    baseline, which the search neither prunes nor compares with.

    Raises:
        StudyError: Too few complete trials.
    """
    complete = replayable(study)
    if len(complete) < MIN_COMPLETE:
        raise StudyError(
            f"the study {study.name!r} has {len(complete)} complete trials beside the manual baseline, "
            f"expected at least {MIN_COMPLETE}; let it run longer, best with --pruner none"
        )
    watch = Watch(
        cross_modal=study.watch[0],
        overall=study.watch[1],
        cross_modal_weight=study.cross_modal_weight,
    )
    lengths = np.array([len(trial.history) for trial in complete])
    metrics = np.full((len(complete), lengths.max(), 2), np.nan)
    for row, trial in zip(metrics, complete, strict=True):
        for record in trial.history:
            at_epoch = watch.figures(with_nan(record["r2"]))
            row[record["epoch"] - 1] = at_epoch.cross_modal, at_epoch.overall
    return Trials.make(
        name=study.name,
        metrics=metrics,
        lengths=lengths,
        rungs=[[r["epoch"] for r in trial.history if r["judged"]] for trial in complete],
        final=np.array([trial.score for trial in complete], float),
        watch=watch,
        losses=[{r["epoch"]: r["losses"] for r in t.history if "losses" in r} for t in complete],
    )


def replayable(study: StudyRecord) -> list[TrialRecord]:
    """The trials whose whole curves are stored."""
    return [t for t in study.trials if t.state == "complete" and t.history and not t.baseline]
