"""The incumbents of simulated searches over time, as a table of means with their intervals."""

import math
from collections.abc import Sequence
from typing import Final

from avq_core.display.tables import text_table
from benchmarks.search.curves import score_at, seconds_to
from benchmarks.simulated_search.simulation import Search
from benchmarks.spread import spread

_TIMES: Final = (0.25, 0.5)
"""Shares of the reference's time at which the incumbents are compared."""
LEGEND: Final = (
    "regret: true score of the best configuration less that of the incumbent, in units of the median one's "
    "regret; at shares of {0}'s time, and at the end.\ntime to: from when on the incumbents were truly no worse "
    "than {0}'s final one, as a share of its time: the mean over the searches that reached it, and the median "
    "of all. Means with their 95 % intervals."
)


def table(
    methods: Sequence[str],
    searches: Sequence[dict[str, Search]],
    bests: Sequence[float],
    *,
    reference: str,
) -> str:
    """A line for each method.

    Args:
        methods: Their names.
        searches: One by each method, for each landscape and seed.
        bests: For each of those, the true score of the best configuration.
        reference: The method whose time and final incumbent the others are measured by.
    """
    head = ["method", "epochs", "time", *(f"regret at {share}" for share in _TIMES), "at the end"]
    rows = [[*head, "time to", "reached", "median"]]
    references = [by_method[reference] for by_method in searches]
    rows += [
        [method, *_cells([by_method[method] for by_method in searches], references, bests)]
        for method in methods
    ]
    return text_table(rows)


def _cells(
    searches: Sequence[Search], references: Sequence[Search], bests: Sequence[float]
) -> list[str]:
    regrets = [
        spread(
            best - score_at(search.curve, share * reference.time)
            for search, reference, best in zip(searches, references, bests, strict=True)
        )
        for share in _TIMES
    ]
    # A search without an incumbent has no regret, so these means may be over fewer searches.
    finals = [best - s.curve[-1][1] for s, best in zip(searches, bests, strict=True) if s.curve]
    times = [_time_to(s, reference) for s, reference in zip(searches, references, strict=True)]
    reached = [time for time in times if math.isfinite(time)]
    return [
        spread(search.epochs for search in searches).text(0),
        spread(search.time for search in searches).text(0),
        *(regret.text(3) for regret in regrets),
        spread(finals).text(3),
        spread(reached).text(2),
        f"{len(reached)} of {len(searches)}",
        _median_text(times),
    ]


def _time_to(search: Search, reference: Search) -> float:
    """As a share of the reference's time; infinite for a search that never reached it."""
    time = seconds_to(search.curve, reference.curve[-1][1]) if reference.curve else None
    return math.inf if time is None else time / reference.time


def _median_text(times: Sequence[float]) -> str:
    """The upper median; a search that never reached the reference counts as last, unlike in a mean."""
    middle = sorted(times)[len(times) // 2]
    return f"{middle:.2f}" if math.isfinite(middle) else "never"
