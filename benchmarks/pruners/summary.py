"""Each rule over all simulated studies, with intervals, as a table and as plain values."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from avq_core.display.tables import text_table
from avq_core.evaluation.intervals import Interval
from benchmarks.pruners.rules import MEDIAN
from benchmarks.pruners.simulate import Result, SimulatedStudy

INTERVALS: Final = (
    "Intervals of 95 %. Means: percentile bootstrap of pairs of tasks, and of studies within each. "
    "Share of studies: Wilson. Regret: final score of the study's best trial less that of the best "
    "complete one; scaled: 0 is the best of all recorded configurations, 1 the median one."
)
_RESAMPLES: Final = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A rule over all studies."""

    rule: str
    share: Interval
    """Epochs as a share of those without pruning."""
    missed: Interval
    """Share of the studies in which the true best was pruned."""
    regret: Interval
    scaled: Interval
    difference: Interval
    """Regret less the median rule's in the same study."""
    scaled_difference: Interval
    complete: float
    """Mean number of complete trials in a study."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        names = [field.name for field in dataclasses.fields(self)]
        values = {name: getattr(self, name) for name in names}
        return {
            name: value.to_dict() if isinstance(value, Interval) else value
            for name, value in values.items()
        }


def summarise(studies: Sequence[SimulatedStudy], *, seed: int) -> list[Row]:
    """A row a rule, in the order of the studies' results.

    Args:
        studies: At least one; the median rule is among the results of each.
        seed: Of the bootstrap.
    """
    counts = _resampled([study.pair for study in studies], seed)

    def row(rule: str) -> Row:
        results: list[Result] = [study.results[rule] for study in studies]
        medians: list[Result] = [study.results[MEDIAN] for study in studies]
        return Row(
            rule=rule,
            share=_mean([r.share for r in results], counts),
            missed=_share(sum(r.missed for r in results), len(results)),
            regret=_mean([r.regret for r in results], counts),
            scaled=_mean([r.scaled for r in results], counts),
            difference=_mean(
                [a.regret - b.regret for a, b in zip(results, medians, strict=True)], counts
            ),
            scaled_difference=_mean(
                [a.scaled - b.scaled for a, b in zip(results, medians, strict=True)], counts
            ),
            complete=float(np.mean([r.complete for r in results])),
        )

    return [row(rule) for rule in studies[0].results]


def _resampled(pairs: Sequence[str], seed: int) -> npt.NDArray[np.float64]:
    """How often each study is in each resample: (resamples, studies).

    Studies of one pair share its configurations, so pairs are drawn first and studies within them.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(np.array(pairs) == pair) for pair in dict.fromkeys(pairs)]
    counts = np.zeros((_RESAMPLES, len(pairs)))
    for resample in counts:
        for chosen in rng.integers(len(members), size=len(members)):
            of_pair = members[chosen]
            np.add.at(resample, of_pair[rng.integers(len(of_pair), size=len(of_pair))], 1)
    return counts


def _mean(values: Sequence[float], counts: npt.NDArray[np.float64]) -> Interval:
    array = np.array(values)
    low, high = np.percentile(counts @ array / counts.sum(axis=1), (2.5, 97.5))
    return Interval(value=float(array.mean()), low=float(low), high=float(high))


def _share(count: int, total: int) -> Interval:
    interval = stats.binomtest(count, total).proportion_ci(method="wilson")
    return Interval(value=count / total, low=float(interval.low), high=float(interval.high))


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    head = ["rule", "epochs", "best pruned", "regret", f"regret - {MEDIAN}'s", "scaled", "complete"]
    cells = [
        [
            row.rule,
            _percent(row.share),
            _percent(row.missed),
            _metric(row.regret),
            _metric(row.difference),
            _metric(row.scaled),
            f"{row.complete:.1f}",
        ]
        for row in rows
    ]
    return text_table([head, *cells])


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def _metric(interval: Interval) -> str:
    # 0.0 is added so that no rounded value reads -0.00000.
    value, low, high = (round(v, 5) + 0.0 for v in (interval.value, interval.low, interval.high))
    return f"{value:.5f} [{low:.5f}, {high:.5f}]"
