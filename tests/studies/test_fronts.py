"""Non-dominated sorting."""

from hypothesis import given
from hypothesis import strategies as st

from studies.fronts import Pair, dominates, front_numbers

# Few values, so that ties and equals are met often.
COARSE = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (float(p[0]), float(p[1])))
FINE = st.tuples(st.floats(-2, 1), st.floats(-2, 1))


def peeled(points: list[Pair]) -> list[int]:
    """By its definition (Deb et al., 2002): front after front taken away."""
    fronts = [-1] * len(points)
    number = 0
    while -1 in fronts:
        left = [i for i, front in enumerate(fronts) if front == -1]
        for i in [i for i in left if not any(dominates(points[j], points[i]) for j in left)]:
            fronts[i] = number
        number += 1
    return fronts


@given(st.lists(st.one_of(COARSE, FINE), max_size=40))
def test_the_quick_sort_finds_the_fronts_of_the_definition(points: list[Pair]) -> None:
    """With ties in one value, and with equal points."""
    assert front_numbers(points) == peeled(points)


def test_equals_share_a_front() -> None:
    """Neither dominates the other."""
    assert front_numbers([(1.0, 1.0), (1.0, 1.0), (0.0, 1.0)]) == [0, 0, 1]
