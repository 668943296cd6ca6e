"""What simulated searches found by when, as a table of means with their intervals."""

import math
from collections.abc import Sequence
from typing import Final

from avq_core.display.tables import text_table
from benchmarks.replay.searches import Search
from benchmarks.search.curves import score_at, seconds_to, spread

_TIMES: Final = (0.25, 0.5)
"""Of the reference's time, at which all are looked at."""
LEGEND: Final = (
    "regret: true score of the best configuration less that of the incumbent, 1 being what the median one "
    "lacks; at shares of {0}'s time, and in the end.\nto: from when on the incumbents were truly no worse "
    "than {0}'s final one, as a share of its time: the mean over the searches that came there, and the median "
    "of all. Means with 95 %."
)


def table(
    methods: Sequence[str],
    found: Sequence[dict[str, Search]],
    bests: Sequence[float],
    *,
    reference: str,
) -> str:
    """A line for each method.

    Args:
        methods: Their names.
        found: Of each search, what each method made of it.
        bests: Of each search, the true score of the best configuration.
        reference: The method whose time and end are the measure.
    """
    head = ["method", "epochs", "time", *(f"regret at {share}" for share in _TIMES), "in the end"]
    rows = [[*head, "to", "came there", "median"]]
    references = [searches[reference] for searches in found]
    rows += [
        [method, *_cells([searches[method] for searches in found], references, bests)]
        for method in methods
    ]
    return text_table(rows)


def _cells(
    own: Sequence[Search], references: Sequence[Search], bests: Sequence[float]
) -> list[str]:
    regrets = [
        spread(
            best - score_at(one.curve, share * reference.time)
            for one, reference, best in zip(own, references, bests, strict=True)
        )
        for share in _TIMES
    ]
    # Without an incumbent there is no regret to speak of, so these means may be of fewer.
    finals = [best - one.curve[-1][1] for one, best in zip(own, bests, strict=True) if one.curve]
    times = [_time_to(one, reference) for one, reference in zip(own, references, strict=True)]
    came = [when for when in times if math.isfinite(when)]
    return [
        spread(one.epochs for one in own).text(0),
        spread(one.time for one in own).text(0),
        *(regret.text(3) for regret in regrets),
        spread(finals).text(3),
        spread(came).text(2),
        f"{len(came)} of {len(own)}",
        _middle(times),
    ]


def _time_to(own: Search, reference: Search) -> float:
    """As a share of the reference's time; infinite for one that never came there."""
    when = seconds_to(own.curve, reference.curve[-1][1]) if reference.curve else None
    return math.inf if when is None else when / reference.time


def _middle(times: Sequence[float]) -> str:
    """The upper median; whoever never came counts as last, which a mean could not say."""
    middle = sorted(times)[len(times) // 2]
    return f"{middle:.2f}" if math.isfinite(middle) else "never"
