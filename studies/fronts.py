"""Non-dominated sorting of two figures, both of which are to be high."""

import bisect
from collections.abc import Sequence

Pair = tuple[float, float]


def dominates(one: Pair, other: Pair) -> bool:
    """Whether `one` is no worse in both figures and better in at least one."""
    return one[0] >= other[0] and one[1] >= other[1] and one != other


def front_numbers(points: Sequence[Pair]) -> list[int]:
    """The front of each point, 0 for those that nobody dominates; every figure is finite.

    Of two figures a point's front is the length of the longest chain of points that dominate each
    other and it. Walked from the highest first figure down, a front is summed up by the highest
    second figure in it, and these fall from front to front, so that a search by halves finds the
    place: n log n (Jensen, 2003).
    """
    pairs = [(-first, -second) for first, second in points]
    lowest: list[float] = []  # of each front, minus its highest second figure; ascending
    found = [0] * len(points)
    before: Pair | None = None
    front = 0
    for index in sorted(range(len(points)), key=pairs.__getitem__):
        pair = pairs[index]
        if pair != before:  # equals dominate nobody, so they share a front
            front = bisect.bisect_right(lowest, pair[1])
            lowest[front : front + 1] = [pair[1]]
            before = pair
        found[index] = front
    return found
