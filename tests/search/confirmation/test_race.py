"""Who is better over paired runs."""

import math

import numpy as np
import pytest

from search.confirmation.race import (
    Run,
    Standing,
    clip_error,
    contenders,
    corrected_error,
    gap,
    race,
)

FOLDS = 3


def runs(*scores: float, losses: list[float] | None = None) -> list[Run | None]:
    return [Run(fold=i % FOLDS, score=score, losses=losses) for i, score in enumerate(scores)]


def standing(
    key: int, *scores: float, parameters: int = 100, dropped: str | None = None
) -> Standing:
    made = tuple(run for run in runs(*scores) if run is not None)
    return Standing(key=key, parameters=parameters, runs=made, dropped=dropped)


def raced(scores: dict[int, list[Run | None]]) -> dict[int, Standing]:
    state = race(dict.fromkeys(scores, 100), scores, num_folds=FOLDS)
    return {standing.key: standing for standing in state.standings}


def test_the_error_of_overlapping_folds_is_nadeau_and_bengios() -> None:
    """Six runs on thirds: the variance times (1/6 + 1/2), not times 1/6."""
    values = [0.1, 0.2, 0.3, 0.2, 0.1, 0.3]
    assert corrected_error(values, 3) == pytest.approx(
        math.sqrt(np.var(values, ddof=1) * (1 / 6 + 0.5))
    )
    assert math.isnan(corrected_error([0.1], 3))


def test_a_gap_is_paired() -> None:
    """The difficulty of a fold cancels: a constant lead over uneven folds has no error."""
    first = standing(1, 0.9, 0.5, 0.7).runs
    second = standing(2, 0.8, 0.4, 0.6).runs
    result = gap(first, second, FOLDS)
    assert result.value == pytest.approx(0.1)
    assert result.error == pytest.approx(0.0, abs=1e-12)
    assert result.interval() == (pytest.approx(0.1), pytest.approx(0.1))


def with_next_seed(**later: tuple[float, ...]) -> dict[int, list[Run | None]]:
    """Three candidates, 0.02 and 0.06 behind after their first seed; `c2` has runs of candidate 2."""
    first = {1: (0.50, 0.51, 0.49), 2: (0.48, 0.49, 0.47), 3: (0.44, 0.45, 0.43)}
    scores = {key: (*made, *later.get(f"c{key}", ())) for key, made in first.items()}
    return {key: [*runs(*made), *[None] * (2 * FOLDS - len(made))] for key, made in scores.items()}


def wanted(field: dict[int, list[Run | None]]) -> tuple[int, set[int]]:
    """The next round and who runs in it."""
    state = race(dict.fromkeys(field, 100), field, num_folds=FOLDS)
    return state.next_round, set(state.running)


def test_the_next_seed_is_for_the_leader_and_who_could_overtake_it() -> None:
    """A seed brings 0.05, a mean of three of them a standard error of 0.04 to a difference."""
    assert wanted(with_next_seed()) == (FOLDS, {1, 2})


def test_a_leader_that_falls_back_may_be_overtaken_by_one_that_stayed_out() -> None:
    """The third one is within an error of the means after the second seed, so it runs again too."""
    fallen = with_next_seed(c1=(0.44,) * 3, c2=(0.43,) * 3)
    assert wanted(fallen) == (FOLDS, {1, 2, 3})
    kept = with_next_seed(c1=(0.52,) * 3, c2=(0.43,) * 3)
    assert wanted(kept) == (0, set())
    standings = race(dict.fromkeys(kept, 100), kept, num_folds=FOLDS).standings
    assert [len(s.runs) for s in standings] == [6, 6, 3]
    assert [s.dropped for s in standings] == [None] * 3


def test_runs_of_the_next_seed_do_not_count_before_it_is_their_turn() -> None:
    """A run made ahead by a candidate that was then out of reach changes nothing."""
    field = with_next_seed(c1=(0.52,) * 3, c2=(0.43,) * 3, c3=(0.9,) * 3)
    standings = race(dict.fromkeys(field, 100), field, num_folds=FOLDS).standings
    assert [len(s.runs) for s in standings] == [6, 6, 3]


def test_nobody_contends_with_a_leader_out_of_reach() -> None:
    """Nor is there a contest without a second candidate that has a score."""
    leader = standing(1, 0.70, 0.70, 0.70)
    assert contenders([leader, standing(2, 0.60, 0.60, 0.60)]) == set()
    assert contenders([leader, standing(2, 0.69, math.nan, 0.70)]) == set()
    assert contenders([leader, standing(2, 0.69, dropped="after 1 of 6 runs")]) == set()
    # Runs that disagree by more than seeds are known to bring widen the error.
    assert contenders([leader, standing(2, 0.40, 0.80, 0.60)]) == {1, 2}


def test_a_candidate_far_behind_is_dropped_by_the_clips_of_its_first_run() -> None:
    """0.7 behind with a standard error of some 0.05 over the clips of one fold."""
    rng = np.random.default_rng(0)
    good, poor = 0.01 * rng.random(30), 0.01 * rng.random(30) + 0.7 / 30
    result = raced(
        {
            1: [*runs(0.7, losses=list(good)), None],
            2: [*runs(0.0, losses=list(poor)), None],
        }
    )
    assert result[1].dropped is None
    assert result[2].dropped is not None
    assert result[2].dropped.startswith("after 1 of 2 runs: behind #1 by 0.700, ")


def test_a_candidate_that_the_clips_cannot_tell_from_the_leader_stays() -> None:
    """0.3 behind, which is more than seeds bring, but by clips that disagree: an error of 0.3."""
    first, second = [0.0] * 30, [0.31] + [-0.0003] * 29
    assert clip_error(
        [Run(fold=0, score=0, losses=first)], [Run(fold=0, score=0, losses=second)]
    ) == pytest.approx(0.31, abs=0.01)
    result = raced({1: runs(0.70, losses=first), 2: runs(0.40, losses=second)})
    assert result[2].dropped is None
    sure = [0.01] * 30
    assert raced({1: runs(0.70, losses=first), 2: runs(0.40, losses=sure)})[2].dropped is not None


def test_of_two_errors_the_larger_counts() -> None:
    """Two runs that agree by chance do not drop whom the clips cannot tell from the leader."""
    first, second = [0.0] * 30, [0.31] + [-0.0003] * 29
    leader = [Run(fold=f, score=0.70, losses=first) for f in range(2)]
    other = [Run(fold=f, score=0.40, losses=second) for f in range(2)]
    assert gap(leader, other, FOLDS).error == 0
    assert raced({1: [*leader], 2: [*other]})[2].dropped is None


def test_one_run_does_not_drop_for_what_a_seed_may_bring() -> None:
    """0.12 behind on every clip of one fold is sure of the clips, not of the next seed."""
    first, second = [0.01] * 30, [0.01 + 0.12 / 30] * 30
    field: dict[int, list[Run | None]] = {
        1: [*runs(0.7, losses=first), None],
        2: [*runs(0.58, losses=second), None],
    }
    assert raced(field)[2].dropped is None
    field = {1: runs(*[0.7] * 3, losses=first), 2: runs(*[0.58] * 3, losses=second)}
    result = raced(field)[2].dropped
    assert result is not None
    assert result.startswith("after 3 of 3 runs: behind #1 by 0.120, ")


def test_runs_of_one_fold_share_its_clips() -> None:
    """A second seed on the same fold is no second sample of clips."""
    rng = np.random.default_rng(1)
    one, other = (list(row) for row in rng.random((2, 40)))
    once = clip_error([Run(fold=0, score=0, losses=one)], [Run(fold=0, score=0, losses=other)])
    twice = clip_error(
        [Run(fold=0, score=0, losses=one)] * 2, [Run(fold=0, score=0, losses=other)] * 2
    )
    apart = clip_error(
        [Run(fold=f, score=0, losses=one) for f in range(2)],
        [Run(fold=f, score=0, losses=other) for f in range(2)],
    )
    assert twice == pytest.approx(once)
    assert apart == pytest.approx(once / math.sqrt(2))


def test_a_run_that_diverged_ends_the_race_of_its_candidate() -> None:
    """It has no score for the round, and cannot be chosen any more."""
    result = raced({1: runs(0.5, 0.5), 2: [*runs(math.nan), None]})
    assert result[2].dropped == "after 1 of 2 runs: a run diverged"
    assert result[1].dropped is None


def test_the_race_waits_where_a_run_is_missing() -> None:
    """Whoever is in the race and lacks its run holds the next look; who was dropped does not."""
    field = {1: runs(0.5, 0.5), 2: [*runs(0.5), None]}
    state = race({1: 1, 2: 1}, field, num_folds=FOLDS)
    assert (state.next_round, state.running) == (1, {1, 2})
    assert race({1: 1}, {1: runs(0.5, 0.5)}, num_folds=FOLDS).running == frozenset()


def test_a_race_that_was_interrupted_comes_to_the_same_end() -> None:
    """Runs that were made ahead of a round do not count before it."""
    rng = np.random.default_rng(0)
    good, poor = list(0.01 * rng.random(30)), list(0.01 * rng.random(30) + 0.7 / 30)
    whole = {1: runs(0.7, 0.7, losses=good), 2: runs(0.0, 0.9, losses=poor)}
    assert len(raced(whole)[2].runs) == 1


@pytest.mark.parametrize("seed", range(40))
def test_wanted_runs_made_in_any_order_come_to_the_end_of_a_whole_race(seed: int) -> None:
    """Every race ends, wants no run twice, and an interruption changes nothing; some runs diverge."""
    rng = np.random.default_rng(seed)
    scores = 0.03 * rng.standard_normal((4, 1)) + 0.06 * rng.standard_normal((4, 2 * FOLDS))
    if seed % 4 == 0:
        scores[rng.integers(4), rng.integers(2 * FOLDS)] = math.nan
    whole = {key: runs(*row) for key, row in enumerate(scores)}
    made: dict[int, list[Run | None]] = {key: [None] * (2 * FOLDS) for key in whole}
    parameters = dict.fromkeys(whole, 100)
    while (state := race(parameters, made, num_folds=FOLDS)).running:
        number = state.next_round
        key = int(rng.choice([key for key in state.running if made[key][number] is None]))
        made[key][number] = whole[key][number]

    def ends(field: dict[int, list[Run | None]]) -> list[tuple[int, int, str | None]]:
        standings = race(parameters, field, num_folds=FOLDS).standings
        return [(s.key, len(s.runs), s.dropped) for s in standings]

    assert ends(made) == ends(whole)
