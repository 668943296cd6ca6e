"""Trials whose whole curves are recorded, in the order in which a simulated study starts them.

Shapes: N trials, E epochs of the longest of them. Index e holds epoch e + 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from studies.score import Watch

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trials:
    """How each trial goes if no rule stops it."""

    name: str
    """Of the study; Hyperband draws a trial's bracket from it and from the trial's number."""
    metrics: FloatArray
    """(N, E, 2), the two watched metrics, higher is better; NaN from the epoch on in which the trial diverges."""
    score: FloatArray
    """(N, E), what the study maximises."""
    lengths: IntArray
    """(N,), epochs of a trial that is not stopped and does not diverge."""
    ends: IntArray
    """(N,), the last epoch of a trial that is not stopped: its length, or the one in which it diverges."""
    rungs: tuple[tuple[int, ...], ...]
    """A trial's judged epochs, rising."""
    final: FloatArray
    """(N,), the score that counts at the end; NaN where the trial diverges."""
    watch: Watch
    losses: tuple[Mapping[int, list[float]], ...] | None = None
    """Of each trial, by judged epoch: the loss of each cluster of validation clips; `None` for metrics
    without noise."""

    @classmethod
    def make(
        cls,
        *,
        name: str,
        metrics: FloatArray,
        lengths: IntArray,
        rungs: Sequence[Sequence[int]],
        final: FloatArray | None = None,
        watch: Watch,
        losses: Sequence[Mapping[int, list[float]]] | None = None,
    ) -> Self:
        """Derives from the two metrics where a trial ends and what it scores.

        Args:
            name: Of the study.
            metrics: (N, E, 2); a trial diverges at the first value within its length that is not
                finite, whatever comes after.
            lengths: (N,), at least 1.
            rungs: A trial's judged epochs.
            final: (N,); `None` is the score of a trial's last epoch.
            watch: The weight of each metric in the score.
            losses: Of each trial, by judged epoch and cluster of clips, where they are recorded.
        """
        epochs = np.arange(1, metrics.shape[1] + 1)
        finite = np.isfinite(metrics).all(axis=2)
        broken = ~finite & (epochs <= lengths[:, None])
        diverges = broken.any(axis=1)
        ends = np.where(diverges, broken.argmax(axis=1) + 1, lengths)
        missing = (epochs > ends[:, None]) | ~finite
        metrics = np.where(missing[:, :, None], np.nan, metrics)
        share = watch.cross_modal_weight
        parts = zip((share, 1 - share), np.moveaxis(metrics, 2, 0), strict=True)
        score = np.sum([weight * values for weight, values in parts if weight > 0], axis=0)
        last = score[np.arange(len(score)), lengths - 1] if final is None else final
        return cls(
            name=name,
            metrics=metrics,
            score=score,
            lengths=lengths,
            ends=ends,
            rungs=tuple(map(tuple, rungs)),
            final=np.where(diverges, np.nan, last),
            watch=watch,
            losses=None if losses is None else tuple(losses),
        )

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def finishes(self) -> BoolArray:
        """(N,), whether a trial completes if no rule stops it."""
        return np.isfinite(self.final)

    def take(self, order: npt.NDArray[np.integer], name: str) -> "Trials":
        """Some of the trials, in another order, as the study `name`."""
        return Trials(
            name=name,
            metrics=self.metrics[order],
            score=self.score[order],
            lengths=self.lengths[order],
            ends=self.ends[order],
            rungs=tuple(self.rungs[i] for i in order),
            final=self.final[order],
            watch=self.watch,
            losses=None if self.losses is None else tuple(self.losses[i] for i in order),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a study's trials cost and which of them complete under a rule."""

    spent: IntArray
    """(N,), epochs trained."""
    complete: BoolArray
    """(N,), whether the trial reached its end, so that its final score counts."""


def in_turn(trials: Trials, stops: Sequence[int | None]) -> Outcome:
    """The outcome of a study of one worker.

    Args:
        trials: N of them.
        stops: The epoch after which the rule stopped a trial, `None` where it never did.
    """
    stopped = np.array([stop is not None for stop in stops], bool)
    epochs = [end if stop is None else stop for stop, end in zip(stops, trials.ends, strict=True)]
    return Outcome(spent=np.array(epochs, np.int64), complete=trials.finishes & ~stopped)
