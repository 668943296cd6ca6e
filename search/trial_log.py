"""What a trial writes down while it trains, and where its pruner is asked."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna

from avq_core.data.schema import Schema
from avq_core.training.loop import EpochRecord
from avq_core.training.metrics import num_labels
from search.pruners.factory import decide
from search.pruners.paired_error import clusters_of, losses_by_cluster
from studies import records
from studies.score import Figures, Watch


class TrialLog:
    """Writes a trial's figures down as they come, and asks the pruner at judged epochs.

    A storage is written to once an epoch (the reported score, for the dashboard's curve) and up to
    three times a rung. Optuna takes no reports in a study of two objectives: there the record is all there is.
    """

    def __init__(
        self,
        trial: optuna.Trial,
        watch: Watch,
        *,
        schema: Schema,
        targets: npt.NDArray[np.float32],
        groups: tuple[str, ...],
        audited: bool,
    ) -> None:
        """Starts the log of a trial.

        Args:
            trial: Running.
            watch: The two figures.
            schema: Of the data.
            targets: (N, K) of val, NaN where missing.
            groups: Group name of each of the N clips; empty where each is its own.
            audited: Whether the trial goes on when the pruner would stop it.
        """
        self.trial = trial
        self.watch = watch
        self.targets = targets
        self.tasks = schema.tasks
        self.clusters = clusters_of(groups or [str(n) for n in range(len(targets))])
        self.history: list[dict[str, Any]] = []
        self.best_score = -math.inf
        self.verdict: str | None = None
        self.reports = len(trial.study.directions) == 1
        self._best_figures: Figures | None = None
        self._planned = int(trial.user_attrs[records.PLANNED])
        self._unjudged = bool(trial.user_attrs.get(records.BASELINE))
        self._audited = audited

    @property
    def best(self) -> float | tuple[float, float]:
        """What the objective returns: the best score, or the two figures that made it."""
        if self.reports:
            return self.best_score
        assert self._best_figures is not None, "a finished trial has a judged epoch"
        return self._best_figures.cross_modal, self._best_figures.overall

    def on_epoch(self, record: EpochRecord) -> bool:
        """Notes an epoch; returns whether to stop here."""
        figures = self.watch.figures(record.r2)
        score = self.watch.score(figures)
        self.history.append(self._plain(record))
        if math.isfinite(score) and self.reports:
            self.trial.report(score, step=record.epoch)
        if not record.judged:
            return False
        self.store()
        if score > self.best_score:
            self.best_score, self._best_figures = score, figures
            self._store_figures(record, score)
        if not math.isfinite(score):
            self.verdict = f"diverged: a watched R² is not finite after epoch {record.epoch}"
            return True
        # At the last epoch nothing is left to save: the trial is complete, whatever its place.
        if self._unjudged or record.epoch >= self._planned:
            return False
        return self._ask(record.epoch)

    def store(self) -> None:
        """Stores the epochs so far."""
        self.trial.set_user_attr(records.HISTORY, self.history)

    def _ask(self, epoch: int) -> bool:
        decision = decide(self.trial.study, self.trial)
        if not decision.prune:
            self.history[-1]["decision"] = decision.reason
            self.store()
            return False
        if self._audited:
            # Once marked it runs to its end: asked again, it might be stopped after all.
            note = {"epoch": epoch, "reason": decision.reason}
            self.trial.set_user_attr(records.AUDITED, note)
            self._unjudged = True
            return False
        self.verdict = decision.reason
        return True

    def _store_figures(self, record: EpochRecord, score: float) -> None:
        figures = {
            "epoch": record.epoch,
            "score": score,
            "r2": _known(record.r2),
            "num_labels": num_labels(self.targets, self.tasks),
        }
        self.trial.set_user_attr(records.FIGURES, figures)

    def _plain(self, record: EpochRecord) -> dict[str, Any]:
        """An epoch as JSON takes it: `None` for NaN."""
        plain = {
            "epoch": record.epoch,
            "train_loss": record.train_loss,
            "lr": record.lr,
            "r2": _known(record.r2),
            "judged": record.judged,
            "seconds": round(record.seconds, 3),
        }
        if record.judged and self.watch.score(self.watch.figures(record.r2)) > -math.inf:
            plain["losses"] = losses_by_cluster(
                record.val_scores,
                self.targets,
                self.clusters,
                [self.watch.weight(task) for task in self.tasks],
            )
        return plain


def _known(r2: dict[str, float]) -> dict[str, float | None]:
    return {task: value if math.isfinite(value) else None for task, value in r2.items()}
