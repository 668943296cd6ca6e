"""Non-dominated sorting of points with two values, both to be maximised."""

import bisect
from collections.abc import Sequence

Pair = tuple[float, float]


def dominates(one: Pair, other: Pair) -> bool:
    """Whether `one` is no worse in both values and better in at least one."""
    return one[0] >= other[0] and one[1] >= other[1] and one != other


def front_numbers(points: Sequence[Pair]) -> list[int]:
    """The front of each point: 0 for the Pareto front, 1 for the front of the other points, and so on.

    A point's front is the length of the longest chain of points in which each dominates the next, and
    the last one dominates the point. Points are visited in descending order of the first value; then
    the highest second value of a front stands for the whole front. These values fall from front to
    front, so a binary search finds the front of the next point: O(n log n) in all (Jensen, 2003).

    Args:
        points: Finite values.
    """
    pairs = [(-first, -second) for first, second in points]
    negated_heights: list[float] = []  # minus the highest second value of each front; ascending
    fronts = [0] * len(points)
    previous: Pair | None = None
    front = 0
    for index in sorted(range(len(points)), key=pairs.__getitem__):
        pair = pairs[index]
        if pair != previous:  # equal points do not dominate each other, so they share a front
            front = bisect.bisect_right(negated_heights, pair[1])
            negated_heights[front : front + 1] = [pair[1]]
            previous = pair
        fronts[index] = front
    return fronts
