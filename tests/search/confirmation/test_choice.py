"""Who is chosen, and how lucky the choice is."""

import math

import numpy as np
import pytest

from search.confirmation.choice import choose, optimism
from search.confirmation.race import Run, Standing
from studies.score import PRACTICAL_DIFFERENCE

FOLDS = 3


def standing(
    key: int, *scores: float, parameters: int = 100, dropped: str | None = None
) -> Standing:
    made = tuple(Run(fold=i % FOLDS, score=score, losses=None) for i, score in enumerate(scores))
    return Standing(key=key, parameters=parameters, runs=made, dropped=dropped)


def test_the_highest_confirmed_mean_is_chosen_however_large_the_network() -> None:
    """A lead that is not sure is still the best guess: 0.02 with an error of 0.04."""
    best = standing(1, 0.74, 0.68, 0.74, parameters=1000)
    simple = standing(2, 0.70, 0.71, 0.69, parameters=100)
    choice = choose([simple, best], FOLDS)
    assert choice is not None
    assert (choice.key, choice.best) == (1, 1)
    assert choice.reason == (
        "#1 is chosen: its confirmed score is the highest, 0.020 ± 0.040 above that of #2."
    )


def test_between_differences_of_no_practical_size_the_simplest_is_chosen() -> None:
    """0.004 ahead does not justify ten times the weights; one within it that is larger has no say."""
    best = standing(1, 0.704, 0.704, 0.704, parameters=1000)
    large = standing(2, 0.703, 0.703, 0.703, parameters=2000)
    simple = standing(3, 0.700, 0.700, 0.700, parameters=100)
    choice = choose([best, large, simple], FOLDS)
    assert choice is not None
    assert (choice.key, choice.best) == (3, 1)
    assert choice.reason.startswith(
        "#3 is chosen: the simplest (100 weights) of the 3 whose confirmed scores differ by at most "
        "0.005, which is of no practical size; the highest is that of #1 (1,000 weights)."
    )
    behind = 0.704 - PRACTICAL_DIFFERENCE - 0.001
    further = choose([best, standing(3, behind, behind, behind, parameters=100)], FOLDS)
    assert further is not None
    assert further.key == 1


def test_who_was_dropped_or_diverged_is_not_chosen() -> None:
    """Neither a high mean of few runs nor a mean without the run that diverged counts."""
    field = [
        standing(1, 0.9, dropped="after 1 of 6 runs"),
        standing(2, 0.9, math.nan, 0.9),
        standing(3, 0.2, 0.2, 0.2),
    ]
    choice = choose(field, FOLDS)
    assert choice is not None
    assert choice.key == 3
    assert choice.reason.endswith("all other candidates were dropped or diverged.")
    assert choose(field[:2], FOLDS) is None
    assert optimism(field, FOLDS) == 0


def test_one_run_each_leaves_the_best() -> None:
    """Nothing says how sure the gap is, and the reason claims nothing."""
    choice = choose([standing(1, 0.5, parameters=9), standing(2, 0.4, parameters=1)], FOLDS)
    assert choice is not None
    assert choice.reason.endswith("the highest, 0.100 above that of #2.")


def test_the_highest_of_equals_is_lucky_and_a_clear_winner_is_not() -> None:
    """Of three equals the highest is 0.85 errors too high; seeds bring an error of 0.05 / √6."""
    equal = [standing(key, *[0.5] * 6) for key in range(3)]
    assert optimism(equal, FOLDS) == pytest.approx(0.846 * 0.05 / math.sqrt(6), rel=0.05)
    clear = [standing(0, *[0.8] * 6), standing(1, *[0.5] * 6)]
    assert optimism(clear, FOLDS) == pytest.approx(0, abs=2e-3)


def test_scores_that_disagree_by_fold_are_luckier() -> None:
    """Difficulty that all candidates share changes no choice; what is a candidate's own does."""
    rng = np.random.default_rng(0)
    shared, own = 0.2 * rng.standard_normal(FOLDS), 0.2 * rng.standard_normal((3, FOLDS))
    alike = [standing(key, *[0.5 + x for x in shared] * 2) for key in range(3)]
    apart = [standing(key, *[0.5 + x for x in own[key]] * 2) for key in range(3)]
    assert optimism(alike, FOLDS) < 0.02
    assert optimism(apart, FOLDS) > 0.04


def test_luck_is_that_of_the_choice_not_of_the_highest() -> None:
    """Where the simplest of equals is chosen most of the time, its score owes less to luck."""
    equal = [standing(key, *[0.5] * 6) for key in range(2)]
    sized = [standing(0, *[0.5] * 6, parameters=50), standing(1, *[0.5] * 6)]
    assert 0 < optimism(sized, FOLDS) < optimism(equal, FOLDS)
