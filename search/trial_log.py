"""Stores a trial's epochs while it trains, and asks the pruner at judged epochs."""

import math

import numpy as np
import numpy.typing as npt
import optuna

from avq_core.data.schema import Schema
from avq_core.training.loop import EpochRecord
from avq_core.training.metrics import num_labels
from search.pruners.factory import decide
from search.pruners.paired_error import clusters_of, per_cluster_losses
from studies.records import attributes
from studies.records.trial import BestEpoch, Epoch, Spared
from studies.score import Watch, WatchedR2


class TrialLog:
    """Stores a trial's metrics as it trains, and asks the pruner at judged epochs.

    It writes to the storage once an epoch (the reported score, for the dashboard's curve) and up to
    three times a rung. Optuna takes no reports in a study of two objectives: only the history is stored.
    """

    def __init__(
        self,
        trial: optuna.Trial,
        watch: Watch,
        *,
        schema: Schema,
        targets: npt.NDArray[np.float32],
        groups: tuple[str, ...],
        spared: bool,
    ) -> None:
        """Starts the log of a trial.

        Args:
            trial: The running trial.
            watch: The two watched tasks and the score.
            schema: The data's.
            targets: (N, K) validation labels, NaN where missing.
            groups: Group name of each of the N clips; empty where each clip is a group.
            spared: Whether the trial runs on where the pruner would stop it, to check the pruner.
        """
        self.trial = trial
        self.watch = watch
        self.targets = targets
        self.tasks = schema.tasks
        self.clusters = clusters_of(groups or [str(n) for n in range(len(targets))])
        self.history: list[Epoch] = []
        self.best_score = -math.inf
        self.verdict: str | None = None
        self.reports = len(trial.study.directions) == 1
        self._best_watched: WatchedR2 | None = None
        self._planned = int(trial.user_attrs[attributes.PLANNED])
        self._unjudged = bool(trial.user_attrs.get(attributes.BASELINE))
        self._spared = spared

    @property
    def best(self) -> float | tuple[float, float]:
        """What the objective returns: the best score, or with two objectives both R² of that epoch."""
        if self.reports:
            return self.best_score
        assert self._best_watched is not None, "a finished trial has a judged epoch"
        return self._best_watched.cross_modal, self._best_watched.overall

    def on_epoch(self, record: EpochRecord) -> bool:
        """Records an epoch; returns whether to stop the trial."""
        watched = self.watch.pick(record.r2)
        score = self.watch.score(watched)
        self.history.append(self._epoch(record, score))
        if math.isfinite(score) and self.reports:
            self.trial.report(score, step=record.epoch)
        if not record.judged:
            return False
        self.store()
        if score > self.best_score:
            self.best_score, self._best_watched = score, watched
            self._store_best(record, score)
        if not math.isfinite(score):
            self.verdict = f"diverged: a watched R² is not finite after epoch {record.epoch}"
            return True
        # At the last epoch pruning saves nothing: the trial is complete, whatever its rank.
        if self._unjudged or record.epoch >= self._planned:
            return False
        return self._ask(record.epoch)

    def store(self) -> None:
        """Stores the epochs so far."""
        history = [epoch.encode() for epoch in self.history]
        self.trial.set_user_attr(attributes.HISTORY, history)

    def _ask(self, epoch: int) -> bool:
        decision = decide(self.trial.study, self.trial)
        if not decision.prune:
            with_decision = self.history[-1].model_copy(update={"decision": decision.reason})
            self.history[-1] = with_decision
            self.store()
            return False
        if self._spared:
            # A spared trial runs to its end: the pruner is not asked again, or it might stop it.
            spared = Spared(epoch=epoch, reason=decision.reason)
            self.trial.set_user_attr(attributes.SPARED, spared.encode())
            self._unjudged = True
            return False
        self.verdict = decision.reason
        return True

    def _store_best(self, record: EpochRecord, score: float) -> None:
        best = BestEpoch(
            epoch=record.epoch,
            score=score,
            r2=record.r2,
            num_labels=num_labels(self.targets, self.tasks),
        )
        self.trial.set_user_attr(attributes.METRICS, best.encode())

    def _epoch(self, record: EpochRecord, score: float) -> Epoch:
        epoch = Epoch(
            epoch=record.epoch,
            train_loss=record.train_loss,
            lr=record.lr,
            r2=record.r2,
            judged=record.judged,
            seconds=round(record.seconds, 3),
        )
        if not record.judged or math.isnan(score):
            return epoch
        losses = per_cluster_losses(
            record.val_scores,
            self.targets,
            self.clusters,
            [self.watch.weight(task) for task in self.tasks],
        )
        return epoch.model_copy(update={"losses": tuple(losses)})
