"""A finished study of this project as curves to replay."""

from typing import Final

import numpy as np

from benchmarks.pruners.trials import Trials
from studies.errors import StudyError
from studies.records.study import StudyRecord
from studies.records.trial import TrialRecord

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
    lengths = np.array([len(trial.history) for trial in complete])
    metrics = np.full((len(complete), lengths.max(), 2), np.nan)
    for row, trial in zip(metrics, complete, strict=True):
        for entry in trial.history:
            watched = study.watch.pick(entry.r2)
            row[entry.epoch - 1] = watched.cross_modal, watched.overall
    return Trials.make(
        name=study.name,
        metrics=metrics,
        lengths=lengths,
        rungs=[[entry.epoch for entry in trial.judged] for trial in complete],
        final=np.array([trial.score for trial in complete], float),
        watch=study.watch,
        losses=[
            {entry.epoch: list(entry.losses) for entry in trial.judged if entry.losses is not None}
            for trial in complete
        ],
    )


def replayable(study: StudyRecord) -> list[TrialRecord]:
    """The trials whose whole curves are stored."""
    return [t for t in study.trials if t.state == "complete" and len(t.history) and not t.baseline]
