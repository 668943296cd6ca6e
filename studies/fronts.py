"""Non-dominated sorting of points with two values, both to be maximised."""

import bisect
from collections.abc import Sequence

Pair = tuple[float, float]


def dominates(one: Pair, other: Pair) -> bool:
    """Whether `one` is no worse in both values and better in at least one."""
    return one[0] >= other[0] and one[1] >= other[1] and one != other


def front_numbers(points: Sequence[Pair]) -> list[int]:
    """The front of each point: 0 for the Pareto front, 1 for the front without those, and so on.

    A point's front is the length of the longest chain of points that dominate each other and it.
    Visited in descending order of the first value, a front can be represented by the highest second
    value in it. These fall from front to front, so that a binary search finds the place of the next
    point: O(n log n) in all (Jensen, 2003).

    Args:
        points: Finite values.
    """
    pairs = [(-first, -second) for first, second in points]
    lowest: list[float] = []  # minus the highest second value of each front; ascending
    fronts = [0] * len(points)
    before: Pair | None = None
    front = 0
    for index in sorted(range(len(points)), key=pairs.__getitem__):
        pair = pairs[index]
        if pair != before:  # equal points dominate none of each other, so they share a front
            front = bisect.bisect_right(lowest, pair[1])
            lowest[front : front + 1] = [pair[1]]
            before = pair
        fronts[index] = front
    return fronts
