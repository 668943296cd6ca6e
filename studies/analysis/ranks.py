"""Spearman's rank correlation without SciPy, whose import takes longer than a whole command."""

import statistics
from collections.abc import Sequence


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's correlation of the ranks.

    Args:
        first: Two values or more that are not all equal.
        second: The same number of values, not all equal either.

    Raises:
        statistics.StatisticsError: All values of a side are equal.
    """
    return statistics.correlation(ranks(first), ranks(second))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1; equal values share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    mean_ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            mean_ranks[place] = (start + 1 + end) / 2
        start = end
    return mean_ranks
