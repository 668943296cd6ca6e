"""Results on the test split: metrics, openings, predictions."""

from typing import ClassVar

from pydantic import Field

from studies.records.codec import R2, PlainConfig, Stored
from studies.records.intervals import IntervalValue, PairedDifference
from studies.records.trial import RanOn

IntervalsByTask = dict[str, IntervalValue]


class TestedConfiguration(Stored):
    """Metrics of a configuration on the test split, as means over its runs."""

    __test__: ClassVar[bool] = False  # pytest collects classes by the name

    trial: int
    config: PlainConfig
    """Configuration of the first run."""
    r2: IntervalsByTask
    spearman: IntervalsByTask = Field(default_factory=dict)
    pearson: IntervalsByTask = Field(default_factory=dict)
    mae: IntervalsByTask = Field(default_factory=dict)
    """Mean absolute error in the user's units."""
    r2_first: IntervalsByTask | None = None
    """R² of the first run; training `config` again reproduces it."""


class EnsembleMember(Stored):
    """A confirmed configuration that is part of the ensemble."""

    trial: int
    config: PlainConfig


class Ensemble(Stored):
    """The mean score of several confirmed configurations."""

    members: tuple[EnsembleMember, ...]
    r2: IntervalsByTask


class TestResult(Stored):
    """Results on the test split of the chosen configuration and of all that it is compared to."""

    __test__: ClassVar[bool] = False  # pytest collects classes by the name

    seeds: int = 1
    """Runs of the chosen configuration and of the manual baseline, paired by their seeds."""
    opened_for: tuple[int, ...] = ()
    """Numbers of the trials that were trained for it, ascending."""
    num_labels: dict[str, int]
    """Valid test labels by task."""
    trained_on: RanOn | None = None
    difference: dict[str, PairedDifference] = Field(default_factory=dict)
    """Chosen minus manual baseline, by task; empty where they are the same trial."""
    chosen: TestedConfiguration
    baseline: TestedConfiguration | None = None
    """The manual baseline; `None` where it was not trained."""
    ensemble: Ensemble | None = None
    """`None` for fewer than two members."""
    simple: dict[str, IntervalsByTask] = Field(default_factory=dict)
    """R² by simple model and task."""
    simple_best: str | None = None
    """The simple model that was best on val."""
    difference_to_simple: dict[str, PairedDifference] = Field(default_factory=dict)
    """Chosen minus `simple_best`, by task."""

    def of_trial(self, number: int) -> TestedConfiguration | None:
        """The result of a trial; `None` if it is neither the chosen one nor the manual baseline."""
        tested = (self.chosen, self.baseline)
        return next((t for t in tested if t is not None and t.trial == number), None)


class Opening(Stored):
    """One opening of the test split."""

    when: str
    """ISO 8601, UTC."""
    trials: tuple[int, ...] = Field(validation_alias="for", serialization_alias="for")
    """Numbers of the trials that were trained for it."""
    chosen: int | None = None
    done: bool | None = None
    """False until all of them are scored; `None` where this was not recorded."""
    study: str | None = None
    """The study that opened it, where the trials were migrated from another study."""


class TestedTrials(Stored):
    """Numbers of the trials whose predictions are kept."""

    __test__: ClassVar[bool] = False  # pytest collects classes by the name

    chosen: int | None = None
    baseline: int | None = None


class Predictions(Stored):
    """Predicted and true labels of test clips, (clips, tasks), in the user's units; NaN where missing."""

    trials: TestedTrials = TestedTrials()
    tasks: tuple[str, ...]
    groups: tuple[str, ...]
    """Group name of each clip."""
    clips: int
    """Number of clips in the split, of which only some may be kept here."""
    truth: tuple[tuple[R2, ...], ...]
    chosen: tuple[tuple[R2, ...], ...] | None = None
    """First run of the chosen configuration; `None` where it diverged."""
    baseline: tuple[tuple[R2, ...], ...] | None = None
    """First run of the manual baseline; `None` where it diverged or was not trained."""
