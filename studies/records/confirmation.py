"""The confirmation: candidates are re-trained with fresh seeds on folds, and one of them is chosen."""

import math

from pydantic import Field

from studies.records.codec import R2, Stored, StoredRunKey
from studies.records.held_out import Opening, TestResult
from studies.records.intervals import PairedGap


class ConfirmationRun(Stored):
    """One run of a candidate on one fold; every R² is NaN where it diverged."""

    r2: dict[str, R2]
    """R² on the fold's validation part, by task."""
    num_labels: dict[str, int]
    losses: tuple[float, ...] | None
    """Per-cluster losses on the validation part; `None` where a watched R² is not defined."""


class CandidateResult(Stored):
    """A candidate's metrics over its runs."""

    trial: int
    baseline: bool
    """Whether it is the manual baseline."""
    parameters: int
    """Number of weights of its network."""
    num_runs: int
    dropped: str | None
    """Why it was dropped before its last run, as a phrase; `None` where it was not."""
    score_mean: R2
    """Confirmed score; NaN where a run diverged."""
    score_std: R2
    """Standard deviation over runs; NaN for fewer than two."""
    score_error: R2
    """Standard error of the mean; NaN for fewer than two runs."""
    behind: PairedGap | None
    """How far behind the best candidate; `None` for the best itself, and where a run diverged."""
    r2_mean: dict[str, R2]
    """Mean R² by task."""

    @property
    def has_score(self) -> bool:
        """Whether every run gave a score."""
        return not math.isnan(self.score_mean)


class Confirmation(Stored):
    """A confirmation in its present state: first come the runs, then the choice, then the test split."""

    folds: int = 0
    """Number of folds; 0 before the choice."""
    cut: tuple[str, ...] = ()
    """Key of each fold (`avq_core.data.store.balanced_folds`); empty in a study of an earlier release."""
    seeds: int = 1
    """Number of fresh seeds on each fold."""
    runs: dict[StoredRunKey, ConfirmationRun] = Field(default_factory=dict)
    rule: str | None = None
    """Why the chosen trial was chosen, as a sentence."""
    chosen: int | None = None
    """Number of the chosen trial; `None` before the choice."""
    optimism: float | None = None
    """How much too high the chosen trial's confirmed score is expected to be, as the highest of several;
    `None` where this was not estimated."""
    candidates: tuple[CandidateResult, ...] = ()
    over_baseline: PairedGap | None = None
    """How far the manual baseline is behind the chosen trial; `None` where one of them has no score."""
    num_complete: int | None = None
    """Complete trials of the study at the time of the choice."""
    has_test: bool = True
    """Whether the data has a test split."""
    test: TestResult | None = None
    """Results on the test split; `None` until all of them are there for this choice."""
    test_openings: int = 0
    """Number of times that the test split was opened."""
    openings: tuple[Opening, ...] = ()

    @property
    def ranked(self) -> list[CandidateResult]:
        """Candidates, the best first; then dropped ones, and last those without a score.

        The mean of a dropped candidate covers fewer runs, perhaps on easier folds.
        """
        return sorted(
            self.candidates,
            key=lambda c: (not c.has_score, c.dropped is not None, -c.score_mean),
        )

    def candidate(self, trial: int | None) -> CandidateResult | None:
        """The result of a trial; `None` where it was no candidate."""
        return next((c for c in self.candidates if c.trial == trial), None)
